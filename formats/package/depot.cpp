#include "formats/package/depot.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

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

/// The folder without a slash at its end: then it is the parent of what is in it.
fs::path without_slash(const fs::path& folder) {
    return folder.has_filename() ? folder : folder.parent_path();
}

/// Whether reading failed because of what is on the disk, and not for lack of a right or a
/// descriptor.
bool is_damage(const Error& error) {
    switch (error.code()) {
        case Errc::not_found:
        case Errc::corrupt:
        case Errc::unsupported:
        case Errc::too_large:
        case Errc::invalid_argument:
        case Errc::io:
            return true;
        case Errc::already_exists:
        case Errc::denied:
        case Errc::stale:
        case Errc::busy:
        case Errc::no_space:
        case Errc::interrupted:
            return false;
    }
    return false;
}

/// What `read` gives, or nothing where that is damaged.
template <typename Read>
auto unless_damaged(const Read& read) -> std::optional<decltype(read())> {
    try {
        return read();
    } catch (const Error& error) {
        if (!is_damage(error)) {
            throw;
        }
        return std::nullopt;
    }
}

/// The files of the layer in the generation.
FileList files_of(const Generation& generation, const std::string& layer) {
    const auto found = generation.layers.find(layer);
    return found == generation.layers.end() ? FileList{} : found->second.files;
}

}  // namespace

Depot::Depot(const fs::path& root) : root_{without_slash(root)}, nodes_{root_ / "manifests"} {}

bool Depot::is_depot(const fs::path& folder) {
    return fs::is_regular_file(folder / current_name);
}

void Depot::create_if_missing(FileOps& files) const {
    if (is_depot(root_)) {
        return;
    }
    check_is_no_other();
    if (has_lost_current()) {
        throw Error{Errc::corrupt, fmt::format("depot {0} has lost its file CURRENT: run `offgrid "
                                               "status {0}`, then `offgrid rollback {0} --to` the "
                                               "generation that is to be current",
                                               root_.string())};
    }
    for (const auto& folder :
         {root_, root_ / "generations", nodes_.folder(), root_ / "files", staging()}) {
        files.create_directories(folder);
    }
    files.sync_directory(root_);
    publish(files, Generation{});
}

/// Whether there is more than what a first start leaves that was cut short.
bool Depot::has_lost_current() const {
    return !is_depot(root_) && fs::is_directory(root_ / "generations") && !numbers().empty() &&
           numbers().back() > 0;
}

/// Throws `already_exists` unless the folder is missing, a depot, or one that began to be made.
void Depot::check_is_no_other() const {
    if (is_depot(root_) || has_lost_current()) {
        return;
    }
    if (!holds_only(root_,
                    {"LOCK", "CURRENT.new", "generations", "manifests", "files", "staging"}) ||
        !holds_only(root_ / "generations", {"000000.json", "000000.json.new"}) ||
        !holds_only(root_ / "files", {}) || !holds_only(nodes_.folder(), {}) ||
        !holds_only(staging(), {})) {
        throw Error{
            Errc::already_exists,
            fmt::format("{} is no depot, and not empty: it has no file CURRENT", root_.string())};
    }
}

std::vector<std::uint64_t> Depot::numbers() const {
    std::vector<std::uint64_t> numbers;
    try {
        for (const auto& entry : fs::directory_iterator{root_ / "generations"}) {
            if (const auto number = number_in(entry.path().filename())) {
                numbers.push_back(*number);
            }
        }
    } catch (const fs::filesystem_error& error) {
        throw Error{Errc::io, error.what()};
    }
    std::ranges::sort(numbers);
    return numbers;
}

std::uint64_t Depot::next_number() const {
    const auto all = numbers();
    return std::max(current().highest, all.empty() ? 0 : all.back()) + 1;
}

std::optional<CurrentNumbers> Depot::find_current() const {
    return unless_damaged([this] { return current(); });
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

std::optional<GenerationHead> Depot::find_head(std::uint64_t number) const {
    return unless_damaged([&] { return load_head(number); });
}

Generation Depot::load(std::uint64_t number, const Generation& known) const {
    auto [generation, lists] = load_head(number);
    for (auto& [name, manifest] : generation.layers) {
        const auto& list = lists.at(name);
        if (!list.sha256.empty()) {
            manifest.files =
                nodes_.load(list.sha256, files_of(known, name), PackageFileCheck{manifest});
        }
        if (manifest.files.totals() != list.totals) {
            throw Error{Errc::corrupt, fmt::format("{}: the files of layer '{}' are not as many or "
                                                   "as large as it says",
                                                   generation_path(number).string(), name)};
        }
    }
    return generation;
}

std::vector<KeptGeneration> Depot::generations(const GenerationWindow& window) const {
    const auto current = find_current();
    auto wanted = numbers();
    std::erase_if(wanted, [&](std::uint64_t number) {
        return number >= window.before || (current && number > current->highest);
    });
    const auto skipped = wanted.size() - std::min(wanted.size(), window.limit);
    std::vector<KeptGeneration> kept;
    for (const auto number : std::span{wanted}.subspan(skipped)) {
        KeptGeneration some{.number = number, .is_current = current && number == current->number};
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
            if (error.code() == Errc::not_found) {
                continue;  // pruned since
            }
            some.damage = error.what();
        }
        kept.push_back(std::move(some));
    }
    return kept;
}

bool Depot::keeps(std::uint64_t number) const {
    const auto current = find_current();
    return (!current || number <= current->highest) && fs::exists(generation_path(number));
}

std::optional<std::uint64_t> Depot::previous_number() const {
    const auto number = current().number;
    const auto head = find_head(number);
    const auto made_from = head ? head->generation.previous : std::nullopt;
    if (made_from && find_head(*made_from)) {
        return made_from;
    }
    const auto all = numbers();
    auto below = std::ranges::lower_bound(all, made_from.value_or(number));
    while (below != all.begin()) {
        if (find_head(*--below)) {
            return *below;
        }
    }
    return std::nullopt;
}

void Depot::write(FileOps& files, const Generation& generation, const Generation& known) const {
    remove_refused(files);
    write_nodes(files, generation, known);
    write_durably(files, generation_path(generation.number), as_bytes(to_json(generation)));
}

void Depot::write_nodes(FileOps& files, const Generation& generation,
                        const Generation& known) const {
    bool has_new_nodes = false;
    for (const auto& [name, manifest] : generation.layers) {
        has_new_nodes = nodes_.write(files, manifest.files, files_of(known, name)) || has_new_nodes;
    }
    if (has_new_nodes) {  // or there before, but perhaps not durable
        files.sync_directory(nodes_.folder());
    }
}

/// Remove what would become kept with the next higher number, though it was answered as failed.
/// That is durable when the next generation is.
void Depot::remove_refused(FileOps& files) const {
    const auto current = find_current();
    if (!current) {
        return;
    }
    for (const auto number : numbers()) {
        if (number > current->highest) {
            files.remove_all(generation_path(number));
        }
    }
}

void Depot::make_current(FileOps& files, std::uint64_t number) const {
    const auto current = find_current();
    if (current && current->number == number) {
        files.sync_directory(root_);  // who made it current may have died before that
        return;
    }
    const auto highest = current ? current->highest : numbers().back();
    write_current(files, root_, {number, std::max(highest, number)});
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
    auto generation = load(number, known);
    check_files(generation, known);
    return generation;
}

void Depot::check_files(const Generation& generation, const Generation& known) const {
    for (const auto& [name, manifest] : generation.layers) {
        const auto check = [&, &layer = name](const PackageFile& file) {
            const auto path = stored_path(layer, file);
            std::error_code failure;
            const auto bytes = fs::file_size(path, failure);
            if (failure || bytes != file.bytes) {
                throw Error{
                    Errc::corrupt,
                    fmt::format("generation {} is damaged: {} {}", generation.number, path.string(),
                                failure
                                    ? "cannot be read: " + failure.message()
                                    : fmt::format("has {} bytes and not {}", bytes, file.bytes))};
            }
        };
        manifest.files.visit_files_not_in(files_of(known, name), check);
    }
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

}  // namespace offgrid
