#pragma once

#include "formats/gwc/tileset_id.h"
#include "formats/sqlite/sqlite.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid::gwc {

/// What a store knows of its layers: `metadata.sqlite` in its root, a table of layer, key and
/// value.
///
/// The file is made by the first value that is put; reading never makes it. Parameter sets are
/// values too, under `parameters.ID`, as sorted, URL-encoded pairs. Opened for each call: other
/// programs may write it. Safe for concurrent use.
class StoreMetadata {
public:
    explicit StoreMetadata(const std::string& root);

    /// The value, or nothing: there is none for what is not named either.
    std::optional<std::string> get(std::optional<std::string_view> layer,
                                   std::optional<std::string_view> key) const;

    /// Put the value in place of the one before; nothing removes it. What is not named is not kept.
    void put(std::optional<std::string_view> layer, std::optional<std::string_view> key,
             std::optional<std::string_view> value);

    /// The sets of parameters that tiles of the layer were put with, by their ids.
    std::map<std::string, Parameters> parameter_sets(std::string_view layer) const;
    void put_parameters(std::string_view layer, const Parameters& parameters);
    void remove_parameters(std::string_view layer, std::string_view id);

    /// Whether anything is known of the layer.
    bool knows(std::string_view layer) const;

    /// Remove all that is known of the layer.
    void remove_layer(std::string_view layer);

    /// Have all that is known of a layer under another name, in place of what was known there.
    void rename_layer(std::string_view layer, std::string_view name);

private:
    std::unique_ptr<sqlite::Db> open_to_read() const;
    template <typename Change>
    void change(const Change& change);

    std::string file_;
    std::mutex mutex_;  // one writer of this program at a time
};

}  // namespace offgrid::gwc
