#include "formats/http/riak_store.h"

#include "formats/http/refusal.h"
#include "formats/http/tile_answer.h"

#include <fmt/format.h>

namespace offgrid {
namespace {

Error refusal_of(const http::Answer& answer) {
    return answer.status == 300
               ? Error{Errc::unsupported, "the object has several versions (siblings)"}
               : http::refusal(answer);
}

}  // namespace

// --- RiakReader

std::optional<Tile> RiakReader::get(const TileKey& key) const {
    if (!info().grid->contains(key)) {
        return std::nullopt;
    }
    const auto path = cluster_.path_of(key);
    auto answer = cluster_.send("GET", path);
    try {
        if (answer.status == 200) {
            return http::tile_in(std::move(answer), cluster_.slice());
        }
        if (answer.status == 404) {
            return std::nullopt;
        }
        throw refusal_of(answer);
    } catch (const Error& error) {
        cluster_.fail(error, "GET", path);
    }
}

bool RiakReader::exists(const TileKey& key) const {
    if (!info().grid->contains(key)) {
        return false;
    }
    const auto path = cluster_.path_of(key);
    const auto answer = cluster_.send("HEAD", path);
    if (answer.status != 200 && answer.status != 404) {
        cluster_.fail(refusal_of(answer), "HEAD", path);
    }
    return answer.status == 200;
}

void RiakReader::scan(const TileRange& /*range*/, const Visitor& /*visit*/) const {
    throw Error{
        Errc::unsupported,
        fmt::format("cache '{}': listing its keys would walk the whole cluster", cluster_.name())};
}

// --- RiakWriter

void RiakWriter::put(const TileKey& key, BytesView content) {
    http::check_storable(cluster_.name(), cluster_.slice(), key, content);
    const auto path = cluster_.path_of(key);
    const auto media_type = http::media_type_of(content, cluster_.slice());
    const auto answer =
        cluster_.send("PUT", path, {{"Content-Type", std::string{media_type}}}, content);
    if (answer.status < 200 || answer.status > 299) {
        cluster_.fail(refusal_of(answer), "PUT", path);
    }
}

void RiakWriter::erase(const TileKey& key) {
    if (!cluster_.slice().info.grid->contains(key)) {
        return;
    }
    const auto path = cluster_.path_of(key) + "?rw=all";  // as MapCache deletes
    const auto answer = cluster_.send("DELETE", path);
    const bool is_gone = (answer.status >= 200 && answer.status <= 299) || answer.status == 404;
    if (!is_gone) {
        cluster_.fail(refusal_of(answer), "DELETE", path);
    }
}

}  // namespace offgrid
