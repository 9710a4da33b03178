// A carrier that does what it is told, on a loopback port: real sockets, no surprises but the ordered ones.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "policy/adapter.h"

namespace sekisho::gateway {

inline std::string answer_of(int status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class ScriptedCarrier {
 public:
  // What it does with one request; after the last act it answers 200.
  struct Act {
    enum Then { keep, close, reset, silence } then = keep;
    std::string bytes = answer_of(200, "{}");
  };

  ScriptedCarrier() {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&at), size);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    ::listen(listener_, 64);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedCarrier() { stop(); }

  // From now on nobody listens at its port.
  void stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
    for (const int connection : connections_) ::close(connection);
    connections_.clear();
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
  }
  void script(std::vector<Act> acts) {
    const std::lock_guard lock(mutex_);
    acts_.assign(acts.begin(), acts.end());
  }
  void close_all() {
    close_all_ = true;
    while (close_all_) ::usleep(1000);
  }

  policy::Endpoint endpoint() const { return {.host = "127.0.0.1", .port = port_}; }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  int accepted() const { return accepted_; }

 private:
  void serve() {
    std::vector<std::string> received;
    while (!stopped_) {
      std::vector<pollfd> waiting{{listener_, POLLIN, 0}};
      for (const int connection : connections_) waiting.push_back({connection, POLLIN, 0});
      ::poll(waiting.data(), waiting.size(), 2);
      if (close_all_) {
        for (const int connection : connections_) ::close(connection);
        connections_.clear();
        received.clear();
        close_all_ = false;
        continue;
      }
      for (std::size_t i = waiting.size() - 1; i > 0; --i)
        if (waiting[i].revents && !read(connections_[i - 1], received[i - 1])) {
          connections_.erase(connections_.begin() + std::ptrdiff_t(i - 1));
          received.erase(received.begin() + std::ptrdiff_t(i - 1));
        }
      if (waiting[0].revents & POLLIN) {
        connections_.push_back(::accept(listener_, nullptr, nullptr));
        received.emplace_back();
        ++accepted_;
      }
    }
  }

  // False: the connection is closed.
  bool read(int connection, std::string& received) {
    char buffer[4096];
    const auto bytes = ::recv(connection, buffer, sizeof buffer, 0);
    if (bytes <= 0) return ::close(connection), false;
    received.append(buffer, std::size_t(bytes));
    while (true) {
      const auto head = received.find("\r\n\r\n");
      if (head == received.npos) return true;
      const auto length = received.find("Content-Length: ");
      const auto body = length < head ? std::stoul(received.substr(length + 16)) : 0;
      if (received.size() < head + 4 + body) return true;
      if (!perform(connection, received.substr(0, head + 4 + body))) return false;
      received.erase(0, head + 4 + body);
    }
  }

  bool perform(int connection, std::string request) {
    Act act;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
      if (!acts_.empty()) {
        act = acts_.front();
        acts_.pop_front();
      }
    }
    if (act.then == Act::silence) return true;
    ::send(connection, act.bytes.data(), act.bytes.size(), MSG_NOSIGNAL);
    if (act.then == Act::keep) return true;
    if (act.then == Act::reset) {
      const linger now{1, 0};
      ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    ::close(connection);
    return false;
  }

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopped_{false}, close_all_{false};
  std::atomic<int> accepted_{0};
  mutable std::mutex mutex_;
  std::deque<Act> acts_;
  std::vector<std::string> requests_;
  std::vector<int> connections_;
  std::thread thread_;
};

}  // namespace sekisho::gateway
