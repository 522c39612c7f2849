#include "formats/package/depot.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/base/parse_number.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <optional>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view current_name = "CURRENT";
constexpr std::uint64_t max_current_bytes = 64;

/// A depot holds many layers, each with some kilobytes beside its files.
constexpr std::uint64_t max_generation_bytes = std::uint64_t{1} << 30;

/// A folder's name may have 255 bytes; three for each byte of a layer's name may be more.
constexpr std::size_t max_folder_bytes = 120;

/// A layer's name as the name of a folder: everything but plain letters, digits, `-`, `_` and inner
/// dots as %XX.
std::string folder_name(std::string_view layer) {
    std::string folder;
    for (const char c : layer) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                              (c == '.' && !folder.empty());
        if (is_plain) {
            folder.push_back(c);
        } else {
            folder += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    if (folder.size() > max_folder_bytes) {
        folder.resize(max_folder_bytes - 32);
        folder += tile_id(as_bytes(layer));
    }
    return folder;
}

/// The number in the name of a generation's file, or nothing.
std::optional<std::uint64_t> number_in(const fs::path& name) {
    return name.extension() == ".json" ? parse_number<std::uint64_t>(name.stem().string())
                                       : std::nullopt;
}

/// Whether a folder is missing or holds nothing but the names.
bool holds_only(const fs::path& folder, std::initializer_list<std::string_view> names) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator{folder, missing}) {
        if (std::ranges::find(names, entry.path().filename().string()) == names.end()) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool Depot::is_depot(const fs::path& folder) {
    return fs::is_regular_file(folder / current_name);
}

void Depot::create_if_missing(FileOps& files) const {
    if (is_depot(root_)) {
        return;
    }
    check_is_new();
    for (const auto& folder :
         {root_, root_ / "generations", nodes_.folder(), root_ / "files", staging()}) {
        files.create_directories(folder);
    }
    files.sync_directory(root_);
    publish(files, Generation{});
}

/// What a start that was cut short leaves is new: nothing but what it had created by then.
void Depot::check_is_new() const {
    if (!holds_only(root_,
                    {"LOCK", "CURRENT.new", "generations", "manifests", "files", "staging"}) ||
        !holds_only(root_ / "files", {}) || !holds_only(nodes_.folder(), {}) ||
        !holds_only(staging(), {})) {
        throw Error{
            Errc::already_exists,
            fmt::format("{} is no depot, and not empty: it has no file CURRENT", root_.string())};
    }
    if (!holds_only(root_ / "generations", {"000000.json", "000000.json.new"})) {
        throw Error{Errc::corrupt, fmt::format("depot {} has lost its file CURRENT: write the "
                                               "number of a generation into it",
                                               root_.string())};
    }
}

std::vector<std::uint64_t> Depot::numbers() const {
    std::vector<std::uint64_t> numbers;
    for (const auto& entry : fs::directory_iterator{root_ / "generations"}) {
        if (const auto number = number_in(entry.path().filename())) {
            numbers.push_back(*number);
        }
    }
    std::ranges::sort(numbers);
    return numbers;
}

std::uint64_t Depot::next_number() const {
    const auto all = numbers();
    return std::max(current().highest, all.empty() ? 0 : all.back()) + 1;
}

Depot::Current Depot::current() const {
    const auto content = read_file(root_ / current_name, max_current_bytes);
    const auto text = as_text(content);
    const auto first = text.substr(0, text.find('\n'));
    auto second = text.substr(std::min(first.size() + 1, text.size()));
    second = second.substr(0, second.find('\n'));
    const auto number = parse_number<std::uint64_t>(first);
    const auto highest = second.empty() ? number : parse_number<std::uint64_t>(second);
    if (!number || !highest || *highest < *number) {
        throw Error{Errc::corrupt,
                    fmt::format("{} holds no number", (root_ / current_name).string())};
    }
    return {*number, *highest};
}

void Depot::write_current(FileOps& files, const Current& current) const {
    const auto text = current.highest > current.number
                          ? fmt::format("{}\n{}\n", current.number, current.highest)
                          : fmt::format("{}\n", current.number);
    write_durably(files, root_ / current_name, as_bytes(text));
}

GenerationHead Depot::load_head(std::uint64_t number) const {
    const auto path = generation_path(number);
    const auto content = read_file(path, max_generation_bytes);
    try {
        auto head = parse_generation(as_text(content));
        if (head.generation.number != number) {
            throw Error{Errc::corrupt, fmt::format("it is generation {}", head.generation.number)};
        }
        return head;
    } catch (const Error& error) {
        rethrow_with(error, "{}", path.string());
    }
}

Generation Depot::load(std::uint64_t number, const Generation& known) const {
    auto [generation, lists] = load_head(number);
    const FileList nothing;
    for (auto& [name, manifest] : generation.layers) {
        const auto& list = lists.at(name);
        if (!list.sha256.empty()) {
            const auto same = known.layers.find(name);
            manifest.files =
                nodes_.load(list.sha256, same == known.layers.end() ? nothing : same->second.files,
                            PackageFileCheck{manifest});
        }
        if (manifest.files.totals() != list.totals) {
            throw Error{Errc::corrupt, fmt::format("{}: the files of layer '{}' are not as many or "
                                                   "as large as it says",
                                                   generation_path(number).string(), name)};
        }
    }
    return generation;
}

std::vector<KeptGeneration> Depot::generations() const {
    const auto [current_number, highest] = current();
    std::vector<KeptGeneration> kept;
    for (const auto number : numbers()) {
        if (number > highest) {
            continue;
        }
        KeptGeneration some{.number = number, .is_current = number == current_number};
        try {
            const auto [generation, lists] = load_head(number);
            some.previous = generation.previous;
            some.created = generation.created;
            some.author = generation.author;
            some.change = generation.change;
            some.stored_bytes = generation.stored_bytes;
            for (const auto& [name, list] : lists) {
                some.totals += list.totals;
            }
        } catch (const Error& error) {
            some.damage = error.what();
        }
        kept.push_back(std::move(some));
    }
    return kept;
}

bool Depot::keeps(std::uint64_t number) const {
    return number <= current().highest && fs::exists(generation_path(number));
}

std::optional<std::uint64_t> Depot::previous_number() const {
    const auto [number, highest] = current();
    const auto made_from = load_head(number).generation.previous;
    const auto kept = numbers();
    if (made_from && std::ranges::binary_search(kept, *made_from)) {
        return made_from;
    }
    const auto above = std::ranges::lower_bound(kept, made_from.value_or(number));
    return above == kept.begin() ? std::nullopt : std::optional{*std::prev(above)};
}

void Depot::write(FileOps& files, const Generation& generation, const Generation& known) const {
    const FileList nothing;
    bool has_new_nodes = false;
    for (const auto& [name, manifest] : generation.layers) {
        const auto same = known.layers.find(name);
        const auto& old = same == known.layers.end() ? nothing : same->second.files;
        has_new_nodes = nodes_.write(files, manifest.files, old) || has_new_nodes;
    }
    if (has_new_nodes) {  // or there before, but perhaps not durable
        files.sync_directory(nodes_.folder());
    }
    write_durably(files, generation_path(generation.number), as_bytes(to_json(generation)));
}

void Depot::make_current(FileOps& files, std::uint64_t number) const {
    if (!is_depot(root_)) {
        write_current(files, {number, number});
        return;
    }
    const auto [current_number, highest] = current();
    if (number == current_number) {
        files.sync_directory(root_);  // who made it current may have died before that
        return;
    }
    write_current(files, {number, std::max(highest, number)});
}

void Depot::publish(FileOps& files, const Generation& generation, const Generation& known) const {
    write(files, generation, known);
    make_current(files, generation.number);
}

Generation Depot::load_kept(std::uint64_t number, const Generation& known) const {
    if (!keeps(number)) {
        throw Error{Errc::not_found,
                    fmt::format("depot {} does not keep generation {}", root_.string(), number)};
    }
    return load(number, known);
}

Generation Depot::switch_to(FileOps& files, std::uint64_t number, const Generation& known) const {
    auto generation = load_kept(number, known);
    make_current(files, number);
    return generation;
}

fs::path Depot::stored_path(const std::string& layer, const PackageFile& file) const {
    return stored_folder(layer) / stored_name(file);
}

fs::path Depot::stored_folder(const std::string& layer) const {
    return root_ / "files" / folder_name(layer);
}

fs::path Depot::generation_path(std::uint64_t number) const {
    return root_ / "generations" / fmt::format("{:06}.json", number);
}

std::string stored_name(const PackageFile& file) {
    const std::string_view name = file.name;
    const auto slash = name.rfind('/');
    const auto start = slash == std::string_view::npos ? 0 : slash + 1;
    auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot <= start) {
        dot = name.size();
    }
    std::string stored;
    stored.reserve(name.size() + 1 + file.sha256.size());
    return stored.append(name, 0, dot).append(1, '.').append(file.sha256).append(name, dot);
}

DepotLock::DepotLock(const Depot& depot) {
    const auto path = depot.root() / "LOCK";
    posix_file_ops().create_directories(depot.root());
    lock_ = UniqueFd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
    if (!lock_.is_open()) {
        throw system_error(errno, fmt::format("cannot open {}", path.string()));
    }
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        throw Error{Errc::busy,
                    fmt::format("another process is changing depot {}", depot.root().string())};
    }
}

GenerationLease::GenerationLease(const Depot& depot, std::uint64_t number) {
    const auto path = depot.generation_path(number);
    file_ = UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file_.is_open()) {
        throw system_error(errno, fmt::format("cannot open {}", path.string()));
    }
    const auto is_gone = [&] {
        struct stat info {};
        return ::fstat(file_.get(), &info) == 0 && info.st_nlink == 0;
    };
    // A file system without locks is one that nobody prunes: it serves on.
    const bool is_pruned = ::flock(file_.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (is_pruned || is_gone()) {
        throw Error{Errc::not_found, fmt::format("depot {} is removing generation {}",
                                                 depot.root().string(), number)};
    }
}

}  // namespace offgrid
