#pragma once

#include "formats/tiff/buffered_output.h"
#include "formats/tiff/tiff_format.h"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace offgrid::tiff {

/// A directory that is written ahead of its values, as Cloud Optimized GeoTIFFs have them. Its size
/// is known before the values of its arrays are. A value; what arrays call is not owned.
class DirectoryPlan {
public:
    explicit DirectoryPlan(const Flavour& flavour) : flavour_{flavour} {}

    using Visitor = std::function<void(std::uint64_t number)>;
    using Numbers = std::function<void(const Visitor& visit)>;

    // Entries come in ascending order of their tags.

    void add(Tag tag, Type type, Bytes values);
    void add_number(Tag tag, Type type, std::uint64_t number);
    void add_numbers(Tag tag, Type type, std::span<const std::uint64_t> numbers);
    void add_reals(Tag tag, std::initializer_list<double> reals);
    void add_text(Tag tag, const std::string& text);

    /// Numbers that are asked for when the directory is written: `count` of them, in their order.
    void add_array(Tag tag, Type type, std::uint64_t count, Numbers numbers);

    /// Bytes of the directory with all values, a multiple of 8.
    std::uint64_t size() const;

    /// Write at the position of the file. REQUIRES: that is even. `next` is where the next
    /// directory is; 0: nowhere.
    void write(BufferedOutput& out, std::uint64_t next) const;

private:
    struct Item {
        Tag tag{};
        Type type{};
        std::uint64_t count = 0;
        Bytes values{};
        Numbers numbers{};  ///< instead of values
    };

    std::uint64_t size_of_values(const Item& item) const;
    bool is_inline(const Item& item) const;
    std::uint64_t directory_size() const;
    void write_values(BufferedOutput& out, const Item& item) const;

    Flavour flavour_;
    std::vector<Item> items_;
};

}  // namespace offgrid::tiff
