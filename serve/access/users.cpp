#include "serve/access/users.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"
#include "formats/base/unique_fd.h"
#include "serve/access/token.h"
#include "serve/url.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <thread>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// Many times what reading and writing a file takes.
constexpr std::chrono::seconds longest_edit{10};

/// HTTP Basic ends the name at the first colon (RFC 7617, section 2).
bool is_user_name(std::string_view name) {
    return !name.empty() && name.size() <= 128 && name.front() != '#' &&
           std::ranges::none_of(name,
                                [](unsigned char c) { return c < 0x20 || c == 0x7F || c == ':'; });
}

bool is_secret(std::string_view secret) {
    return secret.starts_with('$') && std::ranges::all_of(secret, [](unsigned char c) {
               return c > 0x20 && c < 0x7F && c != ':';
           });
}

/// Take what stands before the separator off the text, and the separator.
std::string_view take_until(std::string_view& text, char separator) {
    const auto part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

/// Nothing for a list with a broken escape or an empty name in it.
std::optional<std::vector<std::string>> parse_layers(std::string_view text) {
    std::vector<std::string> layers;
    if (text.ends_with(',')) {
        return std::nullopt;
    }
    while (!text.empty()) {
        auto layer = percent_decoded(take_until(text, ','));
        if (!layer || layer->empty()) {
            return std::nullopt;
        }
        layers.push_back(*std::move(layer));
    }
    return layers;
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
    const auto year = parse_number<int>(take_until(text, '-'));
    const auto month = parse_number<unsigned>(take_until(text, '-'));
    const auto day = parse_number<unsigned>(text);
    if (!year || !month || !day) {
        return std::nullopt;
    }
    const auto date =
        std::chrono::year{*year} / std::chrono::month{*month} / std::chrono::day{*day};
    return date.ok() ? std::optional{std::chrono::sys_days{date}} : std::nullopt;
}

/// What stands behind the name; nothing when it is none.
std::optional<User> parse_user(std::string_view text) {
    const auto fields = std::ranges::count(text, ':') + 1;
    User user{.secret = std::string{take_until(text, ':')}};
    if (!is_secret(user.secret) || fields > 4) {
        return std::nullopt;
    }
    if (fields > 1) {
        const auto role = parse_role(take_until(text, ':'));
        auto layers = parse_layers(take_until(text, ':'));
        if (!role || !layers || (*role != Role::publisher && !layers->empty())) {
            return std::nullopt;
        }
        user.role = *role;
        user.layers = *std::move(layers);
    }
    if (fields > 3) {
        user.expires = parse_day(text);
        if (!user.expires) {
            return std::nullopt;
        }
    }
    return user;
}

/// As short as it can be: what an older version wrote is written as it was.
std::string line_of(const std::string& name, const User& user) {
    auto line = fmt::format("{}:{}", name, user.secret);
    if (user.role != Role::admin || user.expires) {
        line += fmt::format(":{}", name_of(user.role));
    }
    if (!user.layers.empty() || user.expires) {
        std::vector<std::string> layers;
        std::ranges::transform(user.layers, std::back_inserter(layers), percent_encoded);
        line += fmt::format(":{}", fmt::join(layers, ","));
    }
    if (user.expires) {
        line += fmt::format(":{}", to_text(*user.expires));
    }
    return line + "\n";
}

fs::path real_place(const fs::path& path) {
    return fs::exists(path) ? fs::canonical(path) : fs::absolute(path);
}

/// A daemon of another user may go on reading what it could read; others may no more.
void keep_owner_and_mode(const fs::path& old_file, const fs::path& new_file) {
    struct stat info {};
    if (::stat(old_file.c_str(), &info) != 0) {
        if (errno == ENOENT) {
            return;
        }
        throw system_error(errno, fmt::format("cannot look at {}", old_file.string()));
    }
    constexpr mode_t kept = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP;
    if (::chown(new_file.c_str(), info.st_uid, info.st_gid) != 0 ||
        ::chmod(new_file.c_str(), info.st_mode & kept) != 0) {
        throw system_error(errno,
                           fmt::format("cannot keep owner and mode of {}", old_file.string()));
    }
}

/// The lock of who changes a users file: on its folder, as the file itself is replaced.
UniqueFd lock_folder(const fs::path& folder) {
    using Clock = std::chrono::steady_clock;
    UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd.is_open()) {
        throw system_error(errno, fmt::format("cannot open folder {}", folder.string()));
    }
    const auto deadline = Clock::now() + longest_edit;
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            throw system_error(errno, fmt::format("cannot lock folder {}", folder.string()));
        }
        if (Clock::now() >= deadline) {
            throw Error{Errc::busy, fmt::format("another program changes {}", folder.string())};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return fd;
}

}  // namespace

bool User::is_token() const {
    return is_token_hash(secret);
}

Users Users::load(const fs::path& path) {
    const auto content = read_file(path, max_users_bytes);
    return parse(as_text(content), path.string());
}

Users Users::parse(std::string_view content, const std::string& name) {
    Users users;
    for (int number = 1; !content.empty(); ++number) {
        auto line = take_until(content, '\n');
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const auto user_name = take_until(line, ':');
        auto user = parse_user(line);
        if (!is_user_name(user_name) || !user) {
            throw Error{Errc::corrupt,
                        fmt::format("{}:{}: not a line `name:hash[:role[:layers[:expires]]]`", name,
                                    number)};
        }
        if (!users.users_.emplace(user_name, *std::move(user)).second) {
            throw Error{Errc::corrupt,
                        fmt::format("{}:{}: user '{}' is there twice", name, number, user_name)};
        }
    }
    return users;
}

void Users::save(FileOps& files, const fs::path& path) const {
    std::string text;
    for (const auto& [name, user] : users_) {
        text += line_of(name, user);
    }
    const auto target = real_place(path);
    auto beside = target;
    beside += ".new";
    files.remove_all(beside);
    const auto file = files.create_secret(beside);
    keep_owner_and_mode(target, beside);
    file->append(as_bytes(text));
    file->sync();
    files.rename(beside, target);
    files.sync_directory(target.parent_path());
}

void edit_users(FileOps& files, const fs::path& path,
                const std::function<void(Users& users)>& change) {
    const auto lock = lock_folder(real_place(path).parent_path());
    auto users = fs::exists(path) ? Users::load(path) : Users{};
    change(users);
    users.save(files, path);
}

void Users::set(const std::string& name, User user) {
    check_user_name(name);
    users_.insert_or_assign(name, std::move(user));
}

const User* Users::find(const std::string& name) const {
    const auto found = users_.find(name);
    return found == users_.end() ? nullptr : &found->second;
}

void check_user_name(const std::string& name) {
    if (!is_user_name(name)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' cannot be the name of a user: 1 to 128 bytes without ':', "
                                "not starting with '#'",
                                name)};
    }
}

std::optional<Role> parse_role(std::string_view text) {
    constexpr std::array roles{Role::reader, Role::publisher, Role::admin};
    const auto* const found =
        std::ranges::find_if(roles, [text](Role role) { return name_of(role) == text; });
    return found == roles.end() ? std::nullopt : std::optional{*found};
}

std::string to_text(std::chrono::sys_days day) {
    const std::chrono::year_month_day date{day};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace offgrid
