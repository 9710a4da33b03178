#include "gateway/app.h"

#include <csignal>
#include <cstdio>
#include <exception>

#include "config/files_read.h"
#include "config/installation.h"
#include "gateway/confine.h"
#include "gateway/control.h"
#include "gateway/log.h"

namespace sekisho::gateway {
namespace {

int refuse(const config::Errors& errors) {
  for (const auto& error : errors) std::fprintf(stderr, "%s\n", error.print().c_str());
  return config::only_broken_promises(errors) ? 1 : 2;
}

std::pair<config::Loaded<std::shared_ptr<const config::Installation>>, config::FileStamps> load(
    const config::Settings& settings) {
  const config::FilesRead read;
  auto site = config::load_installation(settings);
  return {std::move(site), read.stamps()};
}

}  // namespace

int serve(const std::filesystem::path& config_file) {
  const auto settings = config::load_settings(config_file);
  if (!settings) return refuse(settings.errors);
  auto [site, files] = load(*settings.value);
  if (!site) return refuse(site.errors);

  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is like a full disk
  try {
    confine();
  } catch (const std::exception& refused) {
    std::fprintf(stderr, "sekisho: %s\n", refused.what());
    return 2;
  }
  log::start(settings.value->log_level);
  int code = 0;
  try {
    const auto& journal = settings.value->journal;
    const auto open = cache::Journal::open({.directory = journal.directory,
                                            .key_file = journal.key,
                                            .head_file = journal.head,
                                            .interval = journal.interval});
    Control control(*settings.value, *site.value, std::move(files), *open);
    control.run();
  } catch (const std::exception& broken) {
    std::fprintf(stderr, "sekisho: %s\n", broken.what());
    code = 2;
  }
  log::stop();
  return code;
}

}  // namespace sekisho::gateway
