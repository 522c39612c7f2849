#include "serve/access/users_file.h"

#include "formats/base/error.h"

#include <utility>

namespace offgrid {

UsersFile::UsersFile(std::filesystem::path path, std::chrono::milliseconds interval)
    : path_{std::move(path)}, interval_{interval} {
    read();
}

std::shared_ptr<const Users> UsersFile::current() {
    const auto now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock{mutex_};
        if (now - read_at_ < interval_) {
            return users_;
        }
    }
    try {
        return read();
    } catch (const Error& error) {
        throw Error{Errc::io, error.what()};
    }
}

std::shared_ptr<const Users> UsersFile::read() {
    const auto bytes = read_file(path_, max_users_bytes);
    const auto content = as_text(bytes);
    const std::lock_guard lock{mutex_};
    if (users_ == nullptr || content != content_) {
        users_ = std::make_shared<const Users>(Users::parse(content, path_.string()));
        content_ = content;
    }
    read_at_ = std::chrono::steady_clock::now();
    return users_;
}

}  // namespace offgrid
