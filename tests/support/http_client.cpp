#include "tests/support/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>

namespace offgrid::test {
namespace {

struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

struct FreeForm {
    void operator()(curl_mime* form) const noexcept { curl_mime_free(form); }
};

std::size_t take_body(const char* first, std::size_t, std::size_t size, void* response) {
    static_cast<HttpResponse*>(response)->body.append(first, size);
    return size;
}

std::size_t take_header(const char* first, std::size_t, std::size_t size, void* response) {
    auto& headers = static_cast<HttpResponse*>(response)->headers;
    const std::string_view line{first, size};
    if (line.starts_with("HTTP/")) {
        headers.clear();  // the answer proper after a 100-continue
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
        std::string name{line.substr(0, colon)};
        std::ranges::transform(name, name.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        auto value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        headers[name] = value.substr(0, value.find_last_not_of("\r\n") + 1);
    }
    return size;
}

}  // namespace

struct HttpClient::Handle {
    CURL* curl = curl_easy_init();
    ~Handle() { curl_easy_cleanup(curl); }
};

HttpClient::HttpClient() : handle_{std::make_unique<Handle>()} {
    if (handle_->curl == nullptr) {
        throw std::runtime_error{"cannot initialise libcurl"};
    }
}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::get(const std::string& url, const std::vector<std::string>& headers) {
    curl_easy_reset(handle_->curl);
    return perform(url, headers);
}

HttpResponse HttpClient::head(const std::string& url, const std::vector<std::string>& headers) {
    curl_easy_reset(handle_->curl);
    curl_easy_setopt(handle_->curl, CURLOPT_NOBODY, 1L);
    return perform(url, headers);
}

HttpResponse HttpClient::request(const std::string& method, const std::string& url,
                                 const std::vector<std::string>& headers) {
    curl_easy_reset(handle_->curl);
    curl_easy_setopt(handle_->curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    return perform(url, headers);
}

HttpResponse HttpClient::post_form(const std::string& url, const std::vector<FormPart>& parts,
                                   const std::string& user,
                                   const std::vector<std::string>& headers) {
    auto* const curl = handle_->curl;
    curl_easy_reset(curl);
    const std::unique_ptr<curl_mime, FreeForm> form{curl_mime_init(curl)};
    for (const auto& part : parts) {
        auto* const field = curl_mime_addpart(form.get());
        curl_mime_name(field, part.name.c_str());
        if (part.file.empty()) {
            curl_mime_data(field, part.value.data(), part.value.size());
        } else {
            curl_mime_filedata(field, part.file.c_str());
        }
    }
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, form.get());
    if (!user.empty()) {
        curl_easy_setopt(curl, CURLOPT_USERPWD, user.c_str());
    }
    return perform(url, headers);
}

HttpResponse HttpClient::perform(const std::string& url, const std::vector<std::string>& headers) {
    auto* const curl = handle_->curl;
    HttpResponse response;
    std::unique_ptr<curl_slist, FreeList> list;
    for (const auto& header : headers) {
        list.reset(curl_slist_append(list.release(), header.c_str()));
    }
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &response);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    if (const auto code = curl_easy_perform(curl); code != CURLE_OK) {
        response.failure = curl_easy_strerror(code);
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    return response;
}

}  // namespace offgrid::test
