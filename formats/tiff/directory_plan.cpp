#include "formats/tiff/directory_plan.h"

#include <bit>
#include <cassert>
#include <utility>

namespace offgrid::tiff {
namespace {

constexpr std::uint64_t aligned(std::uint64_t size) {
    return (size + 7) / 8 * 8;
}

}  // namespace

void DirectoryPlan::add(Tag tag, Type type, Bytes values) {
    assert(items_.empty() || items_.back().tag < tag);
    const auto count = values.size() / size_of(type);
    items_.push_back({.tag = tag, .type = type, .count = count, .values = std::move(values)});
}

void DirectoryPlan::add_number(Tag tag, Type type, std::uint64_t number) {
    add_numbers(tag, type, std::span{&number, 1});
}

void DirectoryPlan::add_numbers(Tag tag, Type type, std::span<const std::uint64_t> numbers) {
    Bytes values;
    for (const auto number : numbers) {
        flavour_.append(values, number, size_of(type));
    }
    add(tag, type, std::move(values));
}

void DirectoryPlan::add_reals(Tag tag, std::initializer_list<double> reals) {
    Bytes values;
    for (const auto real : reals) {
        flavour_.append(values, std::bit_cast<std::uint64_t>(real), size_of(Type::f64));
    }
    add(tag, Type::f64, std::move(values));
}

void DirectoryPlan::add_text(Tag tag, const std::string& text) {
    const auto* const begin = text.c_str();
    add(tag, Type::ascii, {begin, begin + text.size() + 1});
}

void DirectoryPlan::add_array(Tag tag, Type type, std::uint64_t count, Numbers numbers) {
    assert(items_.empty() || items_.back().tag < tag);
    items_.push_back({.tag = tag, .type = type, .count = count, .numbers = std::move(numbers)});
}

std::uint64_t DirectoryPlan::size_of_values(const Item& item) const {
    return item.count * size_of(item.type);
}

bool DirectoryPlan::is_inline(const Item& item) const {
    return size_of_values(item) <= flavour_.offset_size();
}

std::uint64_t DirectoryPlan::directory_size() const {
    return aligned(flavour_.entry_count_size() + items_.size() * flavour_.entry_size() +
                   flavour_.offset_size());
}

std::uint64_t DirectoryPlan::size() const {
    auto size = directory_size();
    for (const auto& item : items_) {
        size += is_inline(item) ? 0 : aligned(size_of_values(item));
    }
    return size;
}

void DirectoryPlan::write(BufferedOutput& out, std::uint64_t next) const {
    const auto begin = out.position();
    const auto append = [&](std::uint64_t number, std::size_t size) {
        Bytes bytes;
        flavour_.append(bytes, number, size);
        out.append(bytes);
    };
    auto values_at = begin + directory_size();
    append(items_.size(), flavour_.entry_count_size());
    for (const auto& item : items_) {
        append(static_cast<std::uint64_t>(item.tag), 2);
        append(static_cast<std::uint64_t>(item.type), 2);
        append(item.count, flavour_.offset_size());
        if (is_inline(item)) {
            const auto end = out.position() + flavour_.offset_size();
            write_values(out, item);
            out.append_zeros_up_to(end);
        } else {
            append(values_at, flavour_.offset_size());
            values_at += aligned(size_of_values(item));
        }
    }
    append(next, flavour_.offset_size());
    out.append_zeros_up_to(begin + directory_size());
    for (const auto& item : items_) {
        if (!is_inline(item)) {
            const auto end = out.position() + aligned(size_of_values(item));
            write_values(out, item);
            out.append_zeros_up_to(end);
        }
    }
}

void DirectoryPlan::write_values(BufferedOutput& out, const Item& item) const {
    if (!item.numbers) {
        out.append(item.values);
        return;
    }
    Bytes piece;
    item.numbers([&](std::uint64_t number) {
        flavour_.append(piece, number, size_of(item.type));
        if (piece.size() >= 4096) {
            out.append(piece);
            piece.clear();
        }
    });
    out.append(piece);
}

}  // namespace offgrid::tiff
