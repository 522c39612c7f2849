#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/unique_fd.h"
#include "formats/package/current_file.h"
#include "formats/package/generation.h"
#include "formats/package/manifest.h"
#include "formats/package/node_store.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// What is known of a generation that a depot keeps without reading its lists of files.
struct KeptGeneration {
    std::uint64_t number = 0;
    std::optional<std::uint64_t> previous{};  ///< the one it was made from
    std::int64_t created = 0;                 ///< seconds since 1970, UTC
    std::string author{};
    std::string change{};
    std::uint64_t stored_bytes = 0;  ///< of tile files that were stored for it
    FileTotals totals{};             ///< of all its files
    bool is_current = false;
    std::string damage{};  ///< why it cannot be read, and the rest is unknown; empty: it can
};

/// Which of the kept generations are wanted: each costs the reading of a file.
struct GenerationWindow {
    std::uint64_t before = std::numeric_limits<std::uint64_t>::max();  ///< those of lower numbers
    std::size_t limit = std::numeric_limits<std::size_t>::max();       ///< the newest of these
};

/// The folder on a device where packages are installed, versioned. README.md here has the layout
/// and why it is safe.
///
/// Every file is immutable under its name but `CURRENT`, which is replaced by rename; so reading
/// needs no lock, and any number of processes may read while one writes. Who reads a generation for
/// long, or one that is not current, holds a GenerationLease, which keeps `prune` away from it. The
/// object holds only paths: safe for concurrent use.
class Depot {
public:
    /// A slash at the end of the folder does not count.
    explicit Depot(const std::filesystem::path& root);

    /// Whether the folder is a depot.
    static bool is_depot(const std::filesystem::path& folder);

    /// Create the depot where there is none, with an empty generation 0. Throws `already_exists`
    /// for a folder that holds anything else, `corrupt` for a depot that has lost its `CURRENT`.
    /// REQUIRES: the DepotLock.
    void create_if_missing(FileOps& files) const;

    const std::filesystem::path& root() const { return root_; }
    std::filesystem::path staging() const { return root_ / "staging"; }
    const NodeStore& nodes() const { return nodes_; }

    /// The number in `CURRENT`.
    std::uint64_t current_number() const { return current().number; }

    /// Read a generation. What it has in common with `known` is shared instead of read. Throws
    /// `not_found` when the depot does not keep it, `corrupt` naming the file or node that is
    /// damaged, `unsupported` when an earlier version of offgrid wrote it.
    Generation load(std::uint64_t number, const Generation& known = {}) const;
    Generation load_current(const Generation& known = {}) const {
        return load(current_number(), known);
    }

    /// The generations that are kept, oldest first. One that a replace wrote and could not make
    /// current is not among them. Where `CURRENT` cannot be read, none is current.
    std::vector<KeptGeneration> generations(const GenerationWindow& window = {}) const;

    /// Whether the generation is kept: it was current once, and is there.
    bool keeps(std::uint64_t number) const;

    /// The generation that a step back from the current one leads to: the one it was made from;
    /// where the file of that is gone or damaged, the highest below whose file is not. Its nodes
    /// and tile files are not looked at. Nothing when there is none.
    std::optional<std::uint64_t> previous_number() const;

    /// The number after the highest that any generation ever had here.
    std::uint64_t next_number() const;

    /// Write a generation that does not exist yet, whole and durable, which nobody reads before
    /// `make_current`. `known` is a generation that is kept, whose nodes need no writing. Removes
    /// those that were written before and never made current. REQUIRES: the DepotLock.
    void write(FileOps& files, const Generation& generation, const Generation& known = {}) const;

    /// Make a generation that is there, whole, the current one: the one step in which a replace or
    /// a rollback happens. Where it is current already, that is made durable. A `CURRENT` that
    /// cannot be read is replaced. REQUIRES: the DepotLock.
    void make_current(FileOps& files, std::uint64_t number) const;

    /// Both.
    void publish(FileOps& files, const Generation& generation, const Generation& known = {}) const;

    /// Put the nodes of a generation that is in memory there again where they are missing or
    /// damaged. Reads them all. REQUIRES: the DepotLock.
    void repair(FileOps& files, const Generation& generation) const {
        write_nodes(files, generation, {});
    }

    /// Read a kept generation to make it current again, back or forth. `known` is current. Throws
    /// `not_found` when the depot does not keep it, what `load` throws, and `corrupt` when a tile
    /// file that `known` does not have is missing or of another size.
    Generation load_kept(std::uint64_t number, const Generation& known = {}) const;

    /// Make a kept generation current again, and read it. Throws what `load_kept` throws; then
    /// nothing has changed. REQUIRES: the DepotLock.
    Generation switch_to(FileOps& files, std::uint64_t number, const Generation& known = {}) const;

    /// Where the file of an installed layer is stored, whether it is there or not.
    std::filesystem::path stored_path(const std::string& layer, const PackageFile& file) const;

    /// The folder below which the files of a layer are stored.
    std::filesystem::path stored_folder(const std::string& layer) const;

    std::filesystem::path generation_path(std::uint64_t number) const;

private:
    friend class Pruning;

    friend class DepotLock;

    CurrentNumbers current() const { return read_current(root_); }
    std::optional<CurrentNumbers> find_current() const;
    GenerationHead load_head(std::uint64_t number) const;
    std::optional<GenerationHead> find_head(std::uint64_t number) const;
    std::vector<std::uint64_t> numbers() const;
    bool has_lost_current() const;
    void check_is_no_other() const;
    void write_nodes(FileOps& files, const Generation& generation, const Generation& known) const;
    void remove_refused(FileOps& files) const;
    void check_files(const Generation& generation, const Generation& known) const;

    std::filesystem::path root_;
    NodeStore nodes_;
};

/// The name of a file in its folder of a depot: the halves of its own with the hash between them.
std::string stored_name(const PackageFile& file);

/// The right to change a depot, held by one process at a time. Freed with the object, or with the
/// process.
class DepotLock {
public:
    /// Creates the folder of the depot where it is missing. Throws `busy` when another process
    /// holds the lock, `already_exists` for a folder of something else, which is left as it is.
    explicit DepotLock(const Depot& depot);

private:
    UniqueFd lock_;
};

/// Keeps a generation, with all that belongs to it, from being pruned by any process. Freed with
/// the object, or with the process. Moves.
class GenerationLease {
public:
    /// Throws `not_found` when the depot does not keep the generation, or is just removing it.
    GenerationLease(const Depot& depot, std::uint64_t number);

private:
    UniqueFd file_;
};

}  // namespace offgrid
