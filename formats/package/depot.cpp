#include "formats/package/depot.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/base/parse_number.h"
#include "formats/package/manifest_json.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <optional>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using Json = nlohmann::ordered_json;

constexpr std::string_view current_name = "CURRENT";
constexpr std::uint64_t max_current_bytes = 64;

/// A depot holds many layers, each as large as a manifest may be.
constexpr std::uint64_t max_generation_bytes = std::uint64_t{1} << 30;

/// The document and its list of layers.
constexpr int levels_above_manifest = 2;

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
    for (const auto& folder : {root_, root_ / "generations", root_ / "files", staging()}) {
        files.create_directories(folder);
    }
    files.sync_directory(root_);
    publish(files, Generation{});
}

/// What a start that was cut short leaves is new: nothing but what it had created by then.
void Depot::check_is_new() const {
    if (!holds_only(root_, {"LOCK", "CURRENT.new", "generations", "files", "staging"}) ||
        !holds_only(root_ / "files", {}) || !holds_only(staging(), {})) {
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

std::uint64_t Depot::next_number() const {
    std::uint64_t highest = current_number();
    for (const auto& entry : fs::directory_iterator{root_ / "generations"}) {
        highest = std::max(highest, number_in(entry.path().filename()).value_or(0));
    }
    return highest + 1;
}

std::uint64_t Depot::current_number() const {
    auto text = std::string{as_text(read_file(root_ / current_name, max_current_bytes))};
    text.erase(text.find_last_not_of('\n') + 1);
    const auto number = parse_number<std::uint64_t>(text);
    if (!number) {
        throw Error{Errc::corrupt,
                    fmt::format("{} holds no number", (root_ / current_name).string())};
    }
    return *number;
}

Generation Depot::load(std::uint64_t number) const {
    const auto path = generation_path(number);
    const auto content = read_file(path, max_generation_bytes);
    try {
        const auto json = parse_shallow(as_text(content), levels_above_manifest);
        Generation generation{.number = number};
        for (const auto& layer : json.at("layers")) {
            auto manifest = manifest_from_value(layer);
            auto name = manifest.layer;
            generation.layers.emplace(std::move(name), std::move(manifest));
        }
        return generation;
    } catch (const Json::exception& error) {
        throw Error{Errc::corrupt, fmt::format("{}: {}", path.string(), error.what())};
    } catch (const Error& error) {
        rethrow_with(error, "{}", path.string());
    }
}

void Depot::publish(FileOps& files, const Generation& generation) const {
    Json json{{"generation", generation.number}, {"layers", Json::array()}};
    for (const auto& [name, manifest] : generation.layers) {
        json["layers"].push_back(manifest_to_value(manifest));
    }
    write_durably(files, generation_path(generation.number), as_bytes(json.dump(1) + "\n"));
    write_durably(files, root_ / current_name, as_bytes(fmt::format("{}\n", generation.number)));
}

fs::path Depot::stored_path(const std::string& layer, const PackageFile& file) const {
    const fs::path name{file.name};
    const auto stored =
        fmt::format("{}.{}{}", name.stem().string(), file.sha256, name.extension().string());
    return root_ / "files" / folder_name(layer) / name.parent_path() / stored;
}

fs::path Depot::generation_path(std::uint64_t number) const {
    return root_ / "generations" / fmt::format("{:06}.json", number);
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

}  // namespace offgrid
