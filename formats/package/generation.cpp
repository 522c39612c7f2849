#include "formats/package/generation.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/package/manifest_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

constexpr int format_version = 2;

/// The document and its list of layers.
constexpr int levels_above_manifest = 2;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json layer_to_value(const Manifest& manifest) {
    const auto totals = manifest.files.totals();
    auto json = head_to_value(manifest);
    json["files"] = Json{{"files", totals.files}, {"bytes", totals.bytes}, {"tiles", totals.tiles}};
    if (manifest.files.root()) {
        json["files"]["root"] = manifest.files.root()->sha256;
    }
    return json;
}

GenerationHead::List list_of(const Json& layer) {
    const auto& json = layer.at("files");
    GenerationHead::List list{.sha256 = json.value("root", ""),
                              .totals = {.files = json.at("files").get<std::uint64_t>(),
                                         .bytes = json.at("bytes").get<std::uint64_t>(),
                                         .tiles = json.at("tiles").get<std::uint64_t>()}};
    if (list.sha256.empty() ? list.totals != FileTotals{} : !is_sha256_hex(list.sha256)) {
        throw Error{Errc::corrupt, "a list of files has no root"};
    }
    return list;
}

void check_version(const Json& json) {
    if (!json.contains("depot")) {
        throw Error{Errc::unsupported,
                    "the depot was made by an earlier version of offgrid; make a new one and "
                    "install its packages there"};
    }
    if (const auto version = json.at("depot").get<int>(); version != format_version) {
        throw Error{Errc::unsupported, fmt::format("the depot has format version {}, this program "
                                                   "reads {}",
                                                   version, format_version)};
    }
}

}  // namespace

FileTotals totals_of(const Generation& generation) {
    FileTotals totals;
    for (const auto& [name, manifest] : generation.layers) {
        totals += manifest.files.totals();
    }
    return totals;
}

std::string to_json(const Generation& generation) {
    Json head{{"depot", format_version}, {"generation", generation.number}};
    if (generation.previous) {
        head["previous"] = *generation.previous;
    }
    head["created"] = generation.created;
    head["author"] = generation.author;
    head["change"] = generation.change;
    head["stored_bytes"] = generation.stored_bytes;
    auto text = dump(head);
    text.pop_back();
    text += ",\"layers\":[";
    std::string_view separator = "\n";
    for (const auto& [name, manifest] : generation.layers) {  // a layer a line
        text += fmt::format("{}{}", separator, dump(layer_to_value(manifest)));
        separator = ",\n";
    }
    return text + "\n]}\n";
}

GenerationHead parse_generation(std::string_view text) {
    const auto json = parse_shallow(text, levels_above_manifest);
    try {
        check_version(json);
        GenerationHead head{
            .generation = {.number = json.at("generation").get<std::uint64_t>(),
                           .created = json.at("created").get<std::int64_t>(),
                           .author = json.at("author").get<std::string>(),
                           .change = json.at("change").get<std::string>(),
                           .stored_bytes = json.at("stored_bytes").get<std::uint64_t>()}};
        if (json.contains("previous")) {
            head.generation.previous = json.at("previous").get<std::uint64_t>();
        }
        for (const auto& layer : json.at("layers")) {
            auto manifest = head_from_value(layer);
            const auto name = manifest.layer;
            head.lists.emplace(name, list_of(layer));
            if (!head.generation.layers.emplace(name, std::move(manifest)).second) {
                throw Error{Errc::corrupt, fmt::format("layer '{}' is there twice", name)};
            }
        }
        return head;
    } catch (const Json::exception& error) {
        throw Error{Errc::corrupt, error.what()};
    }
}

}  // namespace offgrid
