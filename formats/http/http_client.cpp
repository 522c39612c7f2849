#include "formats/http/http_client.h"

#include "formats/base/text.h"
#include "formats/http/text.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace offgrid::http {
namespace {

/// Connections kept open while nobody uses them.
constexpr std::size_t max_idle = 16;

/// Bounds what a server that never ends its headers can make us keep.
constexpr std::size_t max_header_bytes = std::size_t{64} * 1024;

/// Of an answer that is no success, only the beginning is of interest.
constexpr std::size_t max_error_bytes = std::size_t{64} * 1024;

struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

class HeaderList {
public:
    void append(const std::string& line) {
        auto* const grown = curl_slist_append(list_.get(), line.c_str());
        if (grown == nullptr) {
            throw Error{Errc::io, "out of memory"};
        }
        (void)list_.release();
        list_.reset(grown);
    }

    curl_slist* get() const { return list_.get(); }

private:
    std::unique_ptr<curl_slist, FreeList> list_;
};

/// An answer that is coming in.
struct Receiver {
    CURL* curl = nullptr;
    Answer answer{};
    std::size_t limit = 0;
    std::size_t header_bytes = 0;
    std::size_t received = 0;
    bool is_too_large = false;

    int status_of_transfer() const noexcept {
        long status = 0;
        return curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK
                   ? static_cast<int>(status)
                   : 0;
    }
};

/// libcurl's callbacks: another count than `size` ends the transfer. Nothing may be thrown through
/// a C library.
std::size_t take_header(const char* first, std::size_t /*one*/, std::size_t size,
                        void* into) noexcept try {
    auto& receiver = *static_cast<Receiver*>(into);
    const std::string_view line{first, size};
    if (line.starts_with("HTTP/")) {
        receiver.answer.headers.clear();  // the answer proper after a `100 Continue`
        receiver.answer.status = 0;
        return size;
    }
    receiver.header_bytes += size;
    if (receiver.header_bytes > max_header_bytes) {
        receiver.is_too_large = true;
        return 0;
    }
    if (const auto colon = line.find(':'); colon != std::string_view::npos) {
        receiver.answer.headers.emplace_back(line.substr(0, colon),
                                             trimmed(line.substr(colon + 1)));
    }
    return size;
} catch (const std::exception&) {
    return 0;
}

std::size_t take_body(const char* first, std::size_t /*one*/, std::size_t size, void* into) noexcept
    try {
    auto& receiver = *static_cast<Receiver*>(into);
    receiver.received += size;
    if (receiver.received > receiver.limit) {
        receiver.is_too_large = true;
        return 0;
    }
    auto& body = receiver.answer.body;
    if (receiver.answer.status == 0) {
        receiver.answer.status = receiver.status_of_transfer();
    }
    const bool is_success = receiver.answer.status >= 200 && receiver.answer.status < 300;
    const auto wanted =
        is_success ? size
                   : std::min(size, max_error_bytes - std::min(max_error_bytes, body.size()));
    body.insert(body.end(), first, first + wanted);
    return size;
} catch (const std::exception&) {
    return 0;
}

/// Called at least once a second; another value than 0 ends the transfer.
int may_go_on(void* is_stopped, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
    return *static_cast<const std::atomic<bool>*>(is_stopped) ? 1 : 0;
}

}  // namespace

/// One connection at a time. One thread at a time.
class Client::Handle {
public:
    Handle() : curl_{curl_easy_init()} {
        if (!curl_) {
            throw Error{Errc::io, "cannot initialise libcurl"};
        }
    }

    Answer send(const Request& request, const ClientOptions& options);

private:
    struct Close {
        void operator()(CURL* curl) const noexcept { curl_easy_cleanup(curl); }
    };

    template <typename Value>
    void set(CURLoption option, Value value) {
        if (const auto code = curl_easy_setopt(curl_.get(), option, value); code != CURLE_OK) {
            throw Error{Errc::io, fmt::format("libcurl refuses option {}: {}",
                                              static_cast<int>(option), curl_easy_strerror(code))};
        }
    }

    bool has_connected() const;
    void set_limits(const ClientOptions& options);
    void set_request(const Request& request);
    [[noreturn]] void fail(CURLcode code, const Receiver& receiver, const ClientOptions& options);

    std::unique_ptr<CURL, Close> curl_;
    std::array<char, CURL_ERROR_SIZE> message_{};
};

void Client::Handle::set_limits(const ClientOptions& options) {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connection_timeout.count()));
    set(CURLOPT_USERAGENT, "offgrid/" OFFGRID_VERSION);
    if (options.is_stopped != nullptr) {
        set(CURLOPT_NOPROGRESS, 0L);
        set(CURLOPT_XFERINFOFUNCTION, &may_go_on);
        set(CURLOPT_XFERINFODATA, options.is_stopped);
    }
    message_[0] = '\0';
    set(CURLOPT_ERRORBUFFER, message_.data());
}

void Client::Handle::set_request(const Request& request) {
    set(CURLOPT_URL, request.url.c_str());
    if (request.method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
    } else if (request.method == "PUT") {
        set(CURLOPT_POSTFIELDS, reinterpret_cast<const char*>(request.body.data()));
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(CURLOPT_CUSTOMREQUEST, "PUT");
    } else if (request.method != "GET") {
        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
}

Answer Client::Handle::send(const Request& request, const ClientOptions& options) {
    curl_easy_reset(curl_.get());  // keeps the connection
    set_limits(options);
    set_request(request);
    HeaderList headers;
    headers.append("Expect:");  // a tile is small: do not wait to be asked for it
    for (const auto& [name, value] : request.headers) {
        headers.append(value.empty() ? name + ":" : fmt::format("{}: {}", name, value));
    }
    set(CURLOPT_HTTPHEADER, headers.get());
    Receiver receiver{.curl = curl_.get(), .limit = options.max_body_bytes};
    set(CURLOPT_HEADERFUNCTION, &take_header);
    set(CURLOPT_HEADERDATA, &receiver);
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, &receiver);

    if (const auto code = curl_easy_perform(curl_.get()); code != CURLE_OK) {
        fail(code, receiver, options);
    }
    receiver.answer.status = receiver.status_of_transfer();
    const char* location = nullptr;
    if (curl_easy_getinfo(curl_.get(), CURLINFO_REDIRECT_URL, &location) == CURLE_OK &&
        location != nullptr) {
        receiver.answer.location = location;
    }
    return std::move(receiver.answer);
}

bool Client::Handle::has_connected() const {
    curl_off_t microseconds = 0;
    return curl_easy_getinfo(curl_.get(), CURLINFO_PRETRANSFER_TIME_T, &microseconds) == CURLE_OK &&
           microseconds > 0;
}

void Client::Handle::fail(CURLcode code, const Receiver& receiver, const ClientOptions& options) {
    if (receiver.is_too_large) {
        throw Error{Errc::too_large,
                    fmt::format("the answer has more than {} bytes",
                                receiver.header_bytes > max_header_bytes ? max_header_bytes
                                                                         : options.max_body_bytes)};
    }
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        throw Error{Errc::interrupted, "interrupted"};
    }
    // The message may quote what the server sent.
    const auto cause = excerpt(message_[0] != '\0' ? message_.data() : curl_easy_strerror(code));
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
        code == CURLE_COULDNT_RESOLVE_PROXY) {
        throw Unreachable{Errc::io, cause};
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        if (!has_connected()) {
            throw Unreachable{Errc::busy, cause};
        }
        throw Error{Errc::busy, cause};
    }
    // The second code also stands for an answer that is no HTTP.
    const bool is_no_url =
        code == CURLE_URL_MALFORMAT || (code == CURLE_UNSUPPORTED_PROTOCOL && !has_connected());
    throw Error{is_no_url ? Errc::invalid_argument : Errc::io, cause};
}

Client::Client(ClientOptions options) : options_{options} {}

Client::~Client() = default;

Answer Client::send(const Request& request) const {
    auto handle = take();
    auto answer = handle->send(request, options_);  // a handle that failed is closed
    give_back(std::move(handle));
    return answer;
}

std::unique_ptr<Client::Handle> Client::take() const {
    {
        const std::lock_guard lock{mutex_};
        if (!idle_.empty()) {
            auto handle = std::move(idle_.back());
            idle_.pop_back();
            return handle;
        }
    }
    return std::make_unique<Handle>();
}

void Client::give_back(std::unique_ptr<Handle> handle) const {
    const std::lock_guard lock{mutex_};
    if (idle_.size() < max_idle) {
        idle_.push_back(std::move(handle));
    }
}

}  // namespace offgrid::http
