// Tells the service manager that started this process how it is, by systemd's notify protocol: one datagram
// to the socket in $NOTIFY_SOCKET for each word. Where nobody asked for that, every word is said to nobody.
//
// Ready is said once, and from then on a reload is framed by RELOADING=1 and READY=1. Nothing here ever
// waits: what the manager does not take at once is said again with the next look (`state`), or was not worth
// waiting for.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace sekisho::gateway {

class Supervisor {
 public:
  Supervisor();  // reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;

  bool listens() const { return socket_ >= 0; }
  // How long it waits for a sign of life before it ends this process; zero: it does not.
  std::chrono::microseconds patience() const { return patience_; }

  // Said again only when it has changed. `text` is one line for whoever looks at the service.
  void state(bool ready, std::string_view text);
  // A sign of life. Before this process is ready it also asks to be given that much more time to become so.
  void alive(std::chrono::microseconds until_the_next);
  // The end begins, and may take that long.
  void stopping(std::chrono::microseconds at_most);

  // As long as this lives the service is seen as reloading.
  class Reload {
   public:
    explicit Reload(Supervisor& supervisor);
    ~Reload();
    Reload(const Reload&) = delete;

   private:
    Supervisor& supervisor_;
  };

 private:
  bool say(const std::string& lines) const;

  int socket_ = -1;  // nobody listens
  std::string address_;
  std::chrono::microseconds patience_{};
  bool ready_told_ = false, stopping_ = false;
  std::string text_told_;
};

}  // namespace sekisho::gateway
