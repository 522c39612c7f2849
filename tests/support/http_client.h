#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace offgrid::test {

struct HttpResponse {
    int status = 0;                              ///< 0: no answer came
    std::map<std::string, std::string> headers;  ///< lower-case names
    std::string body;
    std::string failure;  ///< what the transfer failed with, empty when it did not
};

/// A part of a multipart form: a value, or the content of a file.
struct FormPart {
    std::string name;
    std::string value;
    std::filesystem::path file;  ///< empty: `value` is sent
};

/// A real HTTP client (libcurl) that keeps its connection alive between requests. One thread at a
/// time.
class HttpClient {
public:
    HttpClient();
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    HttpResponse get(const std::string& url, const std::vector<std::string>& headers = {});
    HttpResponse head(const std::string& url, const std::vector<std::string>& headers = {});
    HttpResponse request(const std::string& method, const std::string& url,
                         const std::vector<std::string>& headers = {});

    /// `user` is "name:password" or empty.
    HttpResponse post_form(const std::string& url, const std::vector<FormPart>& parts,
                           const std::string& user = {},
                           const std::vector<std::string>& headers = {});

private:
    struct Handle;

    HttpResponse perform(const std::string& url, const std::vector<std::string>& headers);

    std::unique_ptr<Handle> handle_;
};

}  // namespace offgrid::test
