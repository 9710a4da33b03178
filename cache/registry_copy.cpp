#include "cache/registry_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <future>
#include <mutex>

#include "cache/record_codec.h"
#include "config/digest.h"

namespace sekisho::cache {
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t changes_at_least = 1
                                         << 20;  // bytes of changes that never make the whole be written anew

std::string closed(std::string block) {
  return block + "{\"sha256\":\"" + config::sha256_hex(block) + "\"}\n";
}

json::object map_json(const RegistryFields& fields) {
  json::object out;
  for (const auto& [field, value] : fields) out[field] = value;
  return out;
}

std::string block_of(json::object head, std::size_t records) {
  head["records"] = records;
  return json::serialize(head) + "\n";
}

std::string whole_block(const WholeRegistry& whole, policy::Instant now) {
  json::array recent;
  for (const auto& [serial, id] : whole.recent) recent.push_back(json::array{serial, id});
  auto block = block_of({{"block", "whole"},
                         {"version", 1},
                         {"epoch", whole.epoch},
                         {"serial", whole.registry->serial()},
                         {"head", whole.head},
                         {"stream_id", whole.stream_id},
                         {"recent", std::move(recent)},
                         {"fields", map_json(whole.fields)},
                         {"seen_at", policy::to_ms(now)}},
                        whole.registry->size());
  whole.registry->each([&](const policy::PackedRecord& record) { block += encode(record.unpack()) + "\n"; });
  return closed(std::move(block));
}

std::string change_block(const RegistryEvent& event, const std::string& stream_id, policy::Instant now) {
  auto block = block_of({{"block", "change"},
                         {"serial", event.serial},
                         {"id", event.id},
                         {"stream_id", stream_id},
                         {"fields", map_json(event.change.meta)},
                         {"seen_at", policy::to_ms(now)}},
                        event.records.size());
  for (const auto& record : event.records) block += encode(record->unpack()) + "\n";
  return closed(std::move(block));
}

std::string text(const json::object& head, std::string_view key) {
  const auto* value = head.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}
std::int64_t number(const json::object& head, std::string_view key) {
  const auto* value = head.if_contains(key);
  return value && value->is_int64() ? value->get_int64() : 0;
}

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return line;
}

// One block off the front of `rest`. False: it is not whole.
bool take_block(std::string_view& rest, json::object& head, std::vector<policy::RecordPtr>& records) {
  const auto begin = rest;
  boost::system::error_code failed;
  const auto parsed = json::parse(take_line(rest), failed);
  if (failed || !parsed.is_object()) return false;
  head = parsed.get_object();
  const auto count = number(head, "records");
  std::vector<std::string_view> lines;
  for (std::int64_t i = 0; i < count; ++i) {
    if (rest.empty()) return false;
    lines.push_back(take_line(rest));
  }
  const auto block = begin.substr(0, begin.size() - rest.size());
  if (take_line(rest) != "{\"sha256\":\"" + config::sha256_hex(block) + "\"}") return false;
  records = decode_all(lines);
  return std::find(records.begin(), records.end(), nullptr) == records.end();
}

void take_fields(const json::object& head, RegistryFields& fields) {
  if (const auto* found = head.if_contains("fields"); found && found->is_object())
    for (const auto& [field, value] : found->get_object())
      if (value.is_string()) fields[std::string(field)] = std::string(value.get_string());
}

void begin_whole(const json::object& head, std::vector<policy::RecordPtr> records, WholeRegistry& whole) {
  whole = {.epoch = text(head, "epoch"), .head = text(head, "head"), .stream_id = text(head, "stream_id")};
  take_fields(head, whole.fields);
  if (const auto* recent = head.if_contains("recent"); recent && recent->is_array())
    for (const auto& one : recent->get_array())
      if (one.is_array() && one.get_array().size() == 2 && one.get_array()[0].is_int64() &&
          one.get_array()[1].is_string())
        whole.recent.emplace_back(std::uint64_t(one.get_array()[0].get_int64()),
                                  std::string(one.get_array()[1].get_string()));
  whole.registry = policy::Registry().with(std::move(records), std::uint64_t(number(head, "serial")),
                                           sources_of(whole.fields));
}

void add_change(const json::object& head, std::vector<policy::RecordPtr> records, WholeRegistry& whole) {
  take_fields(head, whole.fields);
  whole.head = text(head, "id");
  whole.stream_id = text(head, "stream_id");
  const auto serial = std::uint64_t(number(head, "serial"));
  whole.recent.emplace_back(serial, whole.head);
  whole.registry = whole.registry->with(std::move(records), serial, sources_of(whole.fields));
}

}  // namespace

CopyFound read_copy(const fs::path& file) {
  CopyFound found;
  std::ifstream in(file, std::ios::binary);
  std::error_code failed;
  if (!in || !fs::is_regular_file(file, failed)) {
    if (fs::is_directory(file, failed))
      found.trouble = file.string() + " cannot be read: it is a directory";
    else if (fs::exists(file, failed))
      found.trouble = file.string() + " cannot be read: " + std::strerror(errno);
    return found;
  }
  std::string bytes(fs::file_size(file), '\0');
  in.read(bytes.data(), std::streamsize(bytes.size()));
  bytes.resize(std::size_t(in.gcount()));
  json::object head;
  std::vector<policy::RecordPtr> records;
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto at = bytes.size() - rest.size();
    const bool good = take_block(rest, head, records);
    const auto kind = text(head, "block");
    if (!good || (kind == "whole") != !found.whole) {
      found.trouble = file.string() + ": what stands from byte " + std::to_string(at) +
                      " on is cut or altered, and is left out";
      return found;
    }
    if (kind == "whole") begin_whole(head, std::move(records), found.whole.emplace());
    if (kind == "change") add_change(head, std::move(records), *found.whole);
    found.seen_at = std::max(found.seen_at, policy::from_ms(number(head, "seen_at")));
  }
  return found;
}

// ---- writing: on the writer's thread

struct RegistryCopy::File {
  fs::path path;
  std::size_t whole_bytes = 0, change_bytes = 0;
  mutable std::mutex lock;
  std::string trouble;

  void failed(std::string_view what) {
    const std::lock_guard guard(lock);
    trouble = what.empty() ? "" : path.string() + ": " + std::string(what) + ": " + std::strerror(errno);
  }

  // Writes and syncs. False: the disk would not.
  bool put(const fs::path& to, int flags, std::string_view bytes) {
    const int out = ::open(to.c_str(), flags | O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (out < 0) return failed("cannot be opened"), false;
    bool good = true;
    while (good && !bytes.empty()) {
      const auto written = ::write(out, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      good = written >= 0;
      if (good) bytes.remove_prefix(std::size_t(written));
    }
    good = good && ::fdatasync(out) == 0;
    if (!good) failed("cannot be written");
    ::close(out);
    return good;
  }

  void write_whole(const WholeRegistry& whole, policy::Instant now) {
    const auto bytes = whole_block(whole, now);
    const auto beside = path.string() + ".new";
    whole_bytes = 0;  // a failure makes the next change try again
    if (!put(beside, O_TRUNC, bytes)) return;
    if (::rename(beside.c_str(), path.c_str()) != 0) return failed("cannot be put in place");
    const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (const int at = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); at >= 0) {
      ::fsync(at);
      ::close(at);
    }
    whole_bytes = bytes.size();
    change_bytes = 0;
    failed("");
  }

  // False: the whole has to be written.
  bool append(std::string_view bytes) {
    if (whole_bytes == 0 || change_bytes > std::max(changes_at_least, whole_bytes / 2)) return false;
    if (!put(path, O_APPEND, bytes)) return whole_bytes = 0, true;
    change_bytes += bytes.size();
    return true;
  }
};

RegistryCopy::RegistryCopy(fs::path file) : file_(std::make_shared<File>()) { file_->path = std::move(file); }

RegistryCopy::~RegistryCopy() { writer_.join(); }

void RegistryCopy::goes_on() {
  boost::asio::post(writer_, [file = file_] {
    std::error_code failed;
    const auto size = fs::file_size(file->path, failed);
    file->whole_bytes = failed ? 0 : size;
  });
}

void RegistryCopy::keep(const WholeRegistry& whole, policy::Instant now) {
  if (file_->path.empty()) return;
  boost::asio::post(writer_, [file = file_, whole, now] { file->write_whole(whole, now); });
}

void RegistryCopy::add(const RegistryEvent& event, const WholeRegistry& after, policy::Instant now) {
  if (file_->path.empty()) return;
  // What the event carries, but as it is in force here: an act that the event did not know stays.
  auto kept = event;
  for (auto& record : kept.records) record = after.registry->share(record->id());
  boost::asio::post(writer_, [file = file_, kept = std::move(kept), after, now] {
    if (!file->append(change_block(kept, after.stream_id, now))) file->write_whole(after, now);
  });
}

void RegistryCopy::seen(policy::Instant now) {
  if (file_->path.empty()) return;
  boost::asio::post(writer_, [file = file_, now] {
    file->append(closed(block_of({{"block", "seen"}, {"seen_at", policy::to_ms(now)}}, 0)));
  });
}

void RegistryCopy::flush() {
  std::promise<void> done;
  boost::asio::post(writer_, [&] { done.set_value(); });
  done.get_future().wait();
}

std::string RegistryCopy::trouble() const {
  const std::lock_guard guard(file_->lock);
  return file_->trouble;
}

}  // namespace sekisho::cache
