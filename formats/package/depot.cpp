#include "formats/package/depot.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>

#include <cerrno>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using Json = nlohmann::ordered_json;

constexpr std::string_view current_name = "CURRENT";
constexpr std::uint64_t max_current_bytes = 64;

/// A depot holds many layers, each as large as a manifest may be.
constexpr std::uint64_t max_generation_bytes = std::uint64_t{1} << 30;

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
    return folder;
}

}  // namespace

bool Depot::is_depot(const fs::path& folder) {
    return fs::is_regular_file(folder / current_name);
}

void Depot::create_if_missing(FileOps& files) const {
    for (const auto& folder : {root_, root_ / "generations", root_ / "files", staging()}) {
        files.create_directories(folder);
    }
    if (!is_depot(root_)) {
        publish(files, Generation{});
    }
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
        const auto json = Json::parse(content);
        Generation generation{.number = number};
        for (const auto& layer : json.at("layers")) {
            auto manifest = parse_manifest(layer.dump());
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
        json["layers"].push_back(Json::parse(to_json(manifest)));
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

DepotLock::DepotLock(const Depot& depot)
    : lock_{::open((depot.root() / "LOCK").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)} {
    if (!lock_.is_open()) {
        throw system_error(errno, fmt::format("cannot open {}", (depot.root() / "LOCK").string()));
    }
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        throw Error{Errc::busy,
                    fmt::format("another process is changing depot {}", depot.root().string())};
    }
}

}  // namespace offgrid
