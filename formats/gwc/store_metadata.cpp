#include "formats/gwc/store_metadata.h"

#include "formats/base/error.h"
#include "formats/sqlite/cache_file.h"
#include "formats/sqlite/mbtiles_schema.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <utility>

namespace offgrid::gwc {
namespace {

constexpr const char* ddl =
    "CREATE TABLE IF NOT EXISTS metadata (layerName text, key text, value text,"
    " PRIMARY KEY(layerName, key))";

constexpr std::string_view parameters_prefix = "parameters.";
constexpr std::chrono::seconds lock_timeout{30};

/// As Java's URLEncoder has it (application/x-www-form-urlencoded).
std::string url_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '*' ||
                              c == '_';
        if (is_plain) {
            encoded += c;
        } else if (c == ' ') {
            encoded += '+';
        } else {
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return encoded;
}

int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

std::string url_decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_escape = text[i] == '%' && i + 2 < text.size() &&
                               hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        if (is_escape) {
            plain += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            plain += text[i] == '+' ? ' ' : text[i];
        }
    }
    return plain;
}

std::string encoded(const Parameters& parameters) {
    std::string text;
    for (const auto& [name, value] : parameters) {
        text += text.empty() ? "" : "&";
        text += url_encoded(name) + '=' + url_encoded(value);
    }
    return text;
}

Parameters decoded(std::string_view text) {
    Parameters parameters;
    while (!text.empty()) {
        const auto pair = text.substr(0, text.find('&'));
        const auto equals = std::min(pair.find('='), pair.size());
        parameters[url_decoded(pair.substr(0, equals))] =
            url_decoded(pair.substr(std::min(equals + 1, pair.size())));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
    }
    return parameters;
}

std::string parameters_key(std::string_view id) {
    return std::string{parameters_prefix}.append(id);
}

}  // namespace

StoreMetadata::StoreMetadata(const std::string& root) : file_{root + "/metadata.sqlite"} {}

/// Null while there is nothing to read: no file, or one without the table.
std::unique_ptr<sqlite::Db> StoreMetadata::open_to_read() const {
    const auto file = sqlite::identify(file_);
    if (!file || file->size == 0) {
        return nullptr;
    }
    sqlite::play_back_journal(file_);
    auto db = std::make_unique<sqlite::Db>(file_, sqlite::OpenMode::shared);
    const bool has_table =
        sqlite::has_columns(sqlite::columns_of(*db, "metadata"), {"layerName", "key", "value"});
    return has_table ? std::move(db) : nullptr;
}

template <typename Change>
void StoreMetadata::change(const Change& change) {
    const std::lock_guard lock{mutex_};
    std::error_code failure;
    const auto folder = std::filesystem::path{file_}.parent_path();
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        throw system_error(failure.value(),
                           fmt::format("cannot create the folder {}", folder.string()));
    }
    sqlite::Db db{file_, sqlite::OpenMode::update};
    db.wait_for_locks(lock_timeout);
    db.execute("BEGIN IMMEDIATE");  // closing without a commit takes all of it back
    db.execute(ddl);
    change(db);
    db.execute("COMMIT");
}

std::optional<std::string> StoreMetadata::get(std::optional<std::string_view> layer,
                                              std::optional<std::string_view> key) const {
    const auto db = layer && key ? open_to_read() : nullptr;
    if (!db) {
        return std::nullopt;
    }
    auto select = db->prepare("SELECT value FROM metadata WHERE layerName = ? AND key = ?");
    const bool is_there = select.bind(1, *layer).bind(2, *key).step() && !select.is_null(0);
    return is_there ? std::optional{std::string{select.text(0)}} : std::nullopt;
}

void StoreMetadata::put(std::optional<std::string_view> layer, std::optional<std::string_view> key,
                        std::optional<std::string_view> value) {
    if (!layer || !key || (!value && !open_to_read())) {
        return;
    }
    change([&](sqlite::Db& db) {
        if (value) {
            db.prepare("INSERT OR REPLACE INTO metadata VALUES (?, ?, ?)")
                .bind(1, *layer)
                .bind(2, *key)
                .bind(3, *value)
                .execute();
        } else {
            db.prepare("DELETE FROM metadata WHERE layerName = ? AND key = ?")
                .bind(1, *layer)
                .bind(2, *key)
                .execute();
        }
    });
}

std::map<std::string, Parameters> StoreMetadata::parameter_sets(std::string_view layer) const {
    std::map<std::string, Parameters> sets;
    const auto db = open_to_read();
    if (!db) {
        return sets;
    }
    auto select = db->prepare(
        "SELECT key, value FROM metadata WHERE layerName = ? AND key LIKE 'parameters.%'");
    select.bind(1, layer);
    while (select.step()) {
        sets[std::string{select.text(0).substr(parameters_prefix.size())}] =
            decoded(select.text(1));
    }
    return sets;
}

void StoreMetadata::put_parameters(std::string_view layer, const Parameters& parameters) {
    const auto key = parameters_key(parameters_id(parameters));
    const auto value = encoded(parameters);
    if (get(layer, key) != value) {
        put(layer, key, value);
    }
}

void StoreMetadata::remove_parameters(std::string_view layer, std::string_view id) {
    put(layer, parameters_key(id), std::nullopt);
}

bool StoreMetadata::knows(std::string_view layer) const {
    const auto db = open_to_read();
    return db &&
           db->prepare("SELECT 1 FROM metadata WHERE layerName = ? LIMIT 1").bind(1, layer).step();
}

void StoreMetadata::remove_layer(std::string_view layer) {
    if (open_to_read()) {
        change([&](sqlite::Db& db) {
            db.prepare("DELETE FROM metadata WHERE layerName = ?").bind(1, layer).execute();
        });
    }
}

void StoreMetadata::rename_layer(std::string_view layer, std::string_view name) {
    if (open_to_read()) {
        change([&](sqlite::Db& db) {
            db.prepare("UPDATE OR REPLACE metadata SET layerName = ? WHERE layerName = ?")
                .bind(1, name)
                .bind(2, layer)
                .execute();
        });
    }
}

}  // namespace offgrid::gwc
