#pragma once

#include "formats/base/unique_fd.h"
#include "formats/tiff/tiff_format.h"

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace offgrid::tiff {

/// A file that is read, and perhaps written, at any place. Errors name it. Reading is safe for
/// concurrent use.
class RandomFile {
public:
    enum class Access { read, update };

    /// Nothing when there is no file of that name.
    static std::optional<RandomFile> open(const std::string& path, Access access);

    const std::string& path() const { return path_; }
    const struct stat& status() const { return status_; }  ///< when it was opened
    std::uint64_t size() const { return size_; }

    /// Fill the bytes. Throws `corrupt` when the file ends before.
    void read(std::uint64_t position, std::span<std::uint8_t> bytes) const;

    /// REQUIRES: Access::update.
    void write(std::uint64_t position, BytesView bytes);

private:
    RandomFile(std::string path, UniqueFd fd, const struct stat& status);

    std::string path_;
    UniqueFd fd_;
    struct stat status_ {};
    std::uint64_t size_ = 0;
};

/// One entry of an image file directory. A value.
struct Entry {
    Tag tag{};
    Type type{};
    std::uint64_t count = 0;
    std::array<std::uint8_t, 8> field{};  ///< as in the file: the values where they fit, else where
                                          ///< they are
};

/// An image file directory. A value.
struct Directory {
    std::uint64_t position = 0;  ///< of the directory
    std::uint64_t link = 0;      ///< of the offset that leads to it
    std::uint64_t next = 0;      ///< position of the next one; 0: the last
    std::vector<Entry> entries{};

    const Entry* find(Tag tag) const;
};

/// Reads the structure of a TIFF file and believes nothing: every size is checked against the file
/// before memory is taken. Throws `corrupt`. Borrows the file.
class DirectoryReader {
public:
    explicit DirectoryReader(const RandomFile& file);
    DirectoryReader(const RandomFile& file, Flavour flavour) : file_{file}, flavour_{flavour} {}

    const Flavour& flavour() const { return flavour_; }

    /// The directory of the full image: the first that is no reduced one and no mask.
    Directory find_image() const;

    /// All directories of the file, in their order.
    std::vector<Directory> directories() const;

    /// Whether the directory is of a mask, or of the reduced version of an image.
    bool is_mask(const Directory& directory) const;
    bool is_reduced(const Directory& directory) const;

    /// The number at the index. REQUIRES: index < entry.count.
    std::uint64_t number(const Entry& entry, std::uint64_t index) const;

    /// All values of an entry as they are stored.
    Bytes values(const Entry& entry) const;

    std::vector<std::uint64_t> numbers(const Entry& entry) const;
    std::vector<double> reals(const Entry& entry) const;

private:
    Directory read_directory(std::uint64_t link) const;
    std::uint64_t link_after(const Directory& directory) const;
    std::uint64_t kinds_of(const Directory& directory) const;
    std::uint64_t position_of(const Entry& entry) const;
    std::size_t number_size(const Entry& entry) const;

    const RandomFile& file_;
    Flavour flavour_;
};

}  // namespace offgrid::tiff
