#include "formats/http/http_store.h"

#include "formats/http/headers.h"
#include "formats/http/refusal.h"
#include "formats/http/tile_answer.h"
#include "formats/http/url.h"
#include "formats/image/blank.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace offgrid {
namespace {

bool is_success(int status) {
    return status >= 200 && status < 300;
}

bool is_absent(int status) {
    return status == 404 || status == 410;
}

/// Whether an object store says that not the tile but what should hold it is missing: a mistake in
/// the configuration, and no tile will ever be there.
bool lacks_the_container(const http::Answer& answer) {
    constexpr std::array<std::string_view, 2> codes{"NoSuchBucket", "ContainerNotFound"};
    return std::ranges::any_of(codes, [&](std::string_view code) {
        return http::find_header(answer.headers, "x-ms-error-code") == code ||
               as_text(answer.body).find(fmt::format("<Code>{}</Code>", code)) !=
                   std::string_view::npos;
    });
}

}  // namespace

// --- HttpReader

std::optional<Tile> HttpReader::get(const TileKey& key) const {
    if (!info().grid->contains(key)) {
        return std::nullopt;
    }
    const auto url = cache_.url_of(key);
    auto answer = cache_.get(url);
    try {
        if (answer.status == 200) {
            return http::tile_in(std::move(answer), cache_.slice());
        }
        if (cache_.is_signed() && lacks_the_container(answer)) {
            throw Error{Errc::not_found, http::refusal(answer).what()};
        }
        const bool is_hidden =
            answer.status == 403 &&
            as_text(answer.body).find("<Code>NoSuchKey</Code>") != std::string_view::npos;
        if (is_absent(answer.status) || is_hidden) {
            return std::nullopt;
        }
        throw http::refusal(answer);
    } catch (const Error& error) {
        cache_.fail(error, "GET", url);
    }
}

bool HttpReader::exists(const TileKey& key) const {
    if (!info().grid->contains(key)) {
        return false;
    }
    const auto url = cache_.url_of(key);
    const auto answer = cache_.head(url);
    if (answer.status == 200) {
        return true;
    }
    if (cache_.is_signed() && lacks_the_container(answer)) {
        cache_.fail(Error{Errc::not_found, "there is no such container"}, "HEAD", url);
    }
    if (is_absent(answer.status)) {
        return false;
    }
    const bool may_be_absent =
        answer.status == 403 && std::holds_alternative<S3Signature>(cache_.options().signature);
    cache_.fail(http::refusal(answer, may_be_absent ? "the credentials are wrong, or may not list "
                                                      "the bucket and the tile is absent"
                                                    : ""),
                "HEAD", url);
}

void HttpReader::scan(const TileRange& /*range*/, const Visitor& /*visit*/) const {
    throw Error{Errc::unsupported, fmt::format("cache '{}': a web server cannot list its tiles",
                                               cache_.options().name)};
}

std::optional<std::string> HttpReader::redirect_url(const TileKey& key) const {
    const bool has_password =
        http::parts_of(cache_.options().url).authority.find('@') != std::string_view::npos;
    if (!cache_.options().uses_redirects || has_password || !info().grid->contains(key)) {
        return std::nullopt;
    }
    return cache_.url_of(key);
}

// --- HttpWriter

void HttpWriter::put(const TileKey& key, BytesView content) {
    http::check_storable(cache_.options().name, cache_.slice(), key, content);
    if (cache_.options().leaves_out_blank) {
        const auto colour = blank_colour_of(content);
        if (colour && colour->is_transparent()) {
            erase(key);
            return;
        }
    }
    const auto url = cache_.url_of(key);
    const auto media_type = http::media_type_of(content, cache_.slice());
    auto answer = cache_.put(url, content, media_type);
    if (answer.status == 409 && !cache_.is_signed() && make_folders_of(url)) {
        answer = cache_.put(url, content, media_type);
    }
    if (!is_success(answer.status)) {
        cache_.fail(http::refusal(answer), "PUT", url);
    }
}

/// Create the folder that the URL lies in and those above it, the highest first. Whether it is
/// there now: a folder that was made before is not why the server refuses.
bool HttpWriter::make_folders_of(const std::string& url) {
    const auto parts = http::parts_of(url);
    const auto slash = parts.path.find_last_not_of('/') == std::string_view::npos
                           ? std::string_view::npos
                           : parts.path.rfind('/', parts.path.find_last_not_of('/'));
    if (slash == std::string_view::npos || slash == 0) {
        return false;  // the root is always there
    }
    const auto begin_of_path = static_cast<std::size_t>(parts.path.data() - url.data());
    const auto folder = url.substr(0, begin_of_path + slash + 1);
    if (!folders_.insert(folder).second) {
        return false;
    }
    auto status = cache_.make_collection(folder).status;
    if (status == 409 && make_folders_of(folder)) {
        status = cache_.make_collection(folder).status;
    }
    return is_success(status) || status == 405;  // 405: it was there, by another writer
}

void HttpWriter::erase(const TileKey& key) {
    if (!cache_.slice().info.grid->contains(key)) {
        return;
    }
    const auto url = cache_.url_of(key);
    const auto answer = cache_.erase(url);
    if (!is_success(answer.status) && !is_absent(answer.status)) {
        cache_.fail(http::refusal(answer), "DELETE", url);
    }
}

}  // namespace offgrid
