#include "sync/patient_socket.h"

#include <Poco/AutoPtr.h>
#include <Poco/Exception.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SecureStreamSocketImpl.h>
#include <Poco/Net/ServerSocketImpl.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <Poco/Timespan.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <type_traits>
#include <utility>

namespace offgrid {
namespace {

using Poco::Net::Context;
using Poco::Net::SecureStreamSocket;
using Poco::Net::SecureStreamSocketImpl;
using Poco::Net::Socket;
using Poco::Net::StreamSocketImpl;

/// Of a handshake and the head of a request together: three round trips and the work of a slow
/// device.
constexpr std::chrono::seconds head_time{8};

constexpr std::chrono::seconds silence_of_reader{30};
constexpr std::uint64_t least_bytes_per_second = 1024;  // that a client takes of an answer

constexpr int backlog = 64;

class PatientConnection {
public:
    virtual void set_patience(const Patience& patience) = 0;

protected:
    ~PatientConnection() = default;
};

/// A connection that never blocks but in `poll`, with the patience that is left. Poco's own waits
/// anew for each byte.
template <typename Base>
class Patient : public Base, public PatientConnection {
public:
    using Base::Base;
    using Base::receiveBytes;
    using Base::sendBytes;

    void set_patience(const Patience& patience) override {
        const Use use{uses_};
        receiving_ = patience;
    }

    int receiveBytes(void* buffer, int length, int flags) override {
        const Use use{uses_};
        return wait_until([&] { return Base::receiveBytes(buffer, length, flags); }, receiving_,
                          Socket::SELECT_READ);
    }

    int sendBytes(const void* buffer, int length, int flags) override {
        const Use use{uses_};
        const auto* const bytes = static_cast<const char*>(buffer);
        int sent = 0;
        while (sent < length) {
            sent += wait_until([&] { return Base::sendBytes(bytes + sent, length - sent, flags); },
                               sending_, Socket::SELECT_WRITE);
        }
        return sent;
    }

protected:
    /// First thing in the destructor of what is derived.
    void see_all_uses() const { uses_.load(std::memory_order_acquire); }

private:
    static constexpr bool is_tls = std::is_same_v<Base, SecureStreamSocketImpl>;

    /// The thread that accepted a connection may be the last to let go of it. Poco's count of
    /// references orders that after each use, but in code that ThreadSanitizer does not see.
    class Use {
    public:
        explicit Use(std::atomic<int>& uses) : uses_{uses} {}
        ~Use() { uses_.fetch_add(1, std::memory_order_release); }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

    private:
        std::atomic<int>& uses_;
    };

    /// The result of the attempt once it is none of "would block".
    template <typename Attempt>
    int wait_until(const Attempt& attempt, Patience& patience, Socket::SelectMode mode) {
        for (;;) {
            const int result = attempt();
            if (result >= 0) {
                patience.note_bytes(static_cast<std::uint64_t>(result));
                return result;
            }
            if constexpr (is_tls) {  // either may need the other
                mode = result == SecureStreamSocket::ERR_SSL_WANT_WRITE ? Socket::SELECT_WRITE
                                                                        : Socket::SELECT_READ;
            }
            wait_for(patience, mode);
        }
    }

    void wait_for(Patience& patience, Socket::SelectMode mode) {
        using Clock = std::chrono::steady_clock;
        const auto start = Clock::now();
        if (patience.left().count() <= 0 ||
            !this->poll(Poco::Timespan{patience.left().count()}, mode)) {
            throw Poco::TimeoutException{"the client is too slow"};
        }
        patience.note_wait(std::chrono::duration_cast<Patience::Duration>(Clock::now() - start));
    }

    std::atomic<int> uses_{0};  // that have ended
    Patience receiving_{head_time};
    Patience sending_{silence_of_reader, least_bytes_per_second};
};

class PatientPlain final : public Patient<StreamSocketImpl> {
public:
    explicit PatientPlain(int socket) : Patient{static_cast<poco_socket_t>(socket)} {
        setBlocking(false);
    }
    ~PatientPlain() override { see_all_uses(); }
};

/// The server breaks a connection off from another thread while its own thread reads, so `shutdown`
/// leaves the state of OpenSSL alone.
class PatientTls final : public Patient<SecureStreamSocketImpl> {
public:
    PatientTls(Poco::AutoPtr<StreamSocketImpl> plain, Context::Ptr context)
        : Patient{plain.get(), std::move(context)}, plain_{std::move(plain)} {
        plain_->setBlocking(false);
        acceptSSL();
    }
    ~PatientTls() override { see_all_uses(); }

    void shutdown() override { plain_->shutdown(); }
    void shutdownSend() override { plain_->shutdownSend(); }

private:
    Poco::AutoPtr<StreamSocketImpl> plain_;
};

class ListeningImpl final : public Poco::Net::ServerSocketImpl {
public:
    explicit ListeningImpl(Context::Ptr context) : context_{std::move(context)} {}

    /// Poco takes over what is returned.
    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress& client) override {
        const int socket = accept_from(client);
        if (context_.isNull()) {
            return new PatientPlain{socket};
        }
        return new PatientTls{Poco::AutoPtr<StreamSocketImpl>{new StreamSocketImpl{socket}},
                              context_};
    }

    bool secure() const override { return !context_.isNull(); }

private:
    int accept_from(Poco::Net::SocketAddress& client) {
        sockaddr_storage address{};
        auto* const any_address = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof address;
        int socket = -1;
        do {
            socket = ::accept4(sockfd(), any_address, &size, SOCK_CLOEXEC);
        } while (socket < 0 && errno == EINTR);
        if (socket < 0) {
            error();  // throws
        }
        client = Poco::Net::SocketAddress{any_address, size};
        return socket;
    }

    Context::Ptr context_;  // null: plain
};

class ListeningSocket final : public Poco::Net::ServerSocket {
public:
    ListeningSocket(const Poco::Net::SocketAddress& address, Context::Ptr context)
        : ServerSocket{new ListeningImpl{std::move(context)}, true} {  // counted by Poco
        bind(address, true, false);  // not a port that somebody else listens on, as Poco would
        listen(backlog);
    }
};

}  // namespace

Poco::Net::ServerSocket listen_patiently(const Poco::Net::SocketAddress& address,
                                         Context::Ptr context) {
    return ListeningSocket{address, std::move(context)};
}

void set_patience(Poco::Net::StreamSocket& connection, const Patience& patience) {
    dynamic_cast<PatientConnection&>(*connection.impl()).set_patience(patience);
}

}  // namespace offgrid
