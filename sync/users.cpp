#include "sync/users.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <string_view>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_users_bytes = 1 << 20;

/// HTTP Basic ends the name at the first colon (RFC 7617, section 2).
bool is_user_name(std::string_view name) {
    return !name.empty() && name.size() <= 128 && name.front() != '#' &&
           std::ranges::none_of(name,
                                [](unsigned char c) { return c < 0x20 || c == 0x7F || c == ':'; });
}

bool is_hash(std::string_view hash) {
    return hash.starts_with('$') && std::ranges::all_of(hash, [](unsigned char c) {
               return c > 0x20 && c < 0x7F && c != ':';
           });
}

}  // namespace

Users Users::load(const fs::path& path) {
    const auto content = read_file(path, max_users_bytes);
    Users users;
    std::istringstream lines{std::string{as_text(content)}};
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const auto colon = std::min(line.find(':'), line.size());
        const auto name = line.substr(0, colon);
        const auto hash = line.substr(std::min(colon + 1, line.size()));
        if (!is_user_name(name) || !is_hash(hash)) {
            throw Error{Errc::corrupt,
                        fmt::format("{}:{}: not a line `name:hash`", path.string(), number)};
        }
        users.hashes_[name] = hash;
    }
    return users;
}

void Users::save(FileOps& files, const fs::path& path) const {
    std::string text;
    for (const auto& [name, hash] : hashes_) {
        text += fmt::format("{}:{}\n", name, hash);
    }
    const auto target = fs::absolute(path);
    auto beside = target;
    beside += ".new";
    files.remove_all(beside);
    const auto file = files.create(beside);
    fs::permissions(beside, fs::perms::owner_read |
                                fs::perms::owner_write);  // before there is anything to read
    file->append(as_bytes(text));
    file->sync();
    files.rename(beside, target);
    files.sync_directory(target.parent_path());
}

void Users::set(const std::string& name, const std::string& hash) {
    if (!is_user_name(name)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' cannot be the name of a user: 1 to 128 bytes without ':', "
                                "not starting with '#'",
                                name)};
    }
    hashes_[name] = hash;
}

std::optional<std::string> Users::hash_of(const std::string& name) const {
    const auto found = hashes_.find(name);
    return found == hashes_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace offgrid
