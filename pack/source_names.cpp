#include "pack/source_names.h"

#include "formats/base/error.h"
#include "pack/gdal_error.h"
#include "pack/source_words.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// Files that are left out and named in the note on a folder; the others are counted.
constexpr std::size_t max_named = 3;

/// Ends of the names of files that say something of another.
constexpr std::array<std::string_view, 14> sidecars{".ovr",  ".msk", ".aux",  ".aux.xml", ".rrd",
                                                    ".prj",  ".tfw", ".tifw", ".tiffw",   ".jgw",
                                                    ".jpgw", ".pgw", ".pngw", ".wld"};

bool is_sidecar(const fs::path& file) {
    auto name = file.filename().string();
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::ranges::any_of(sidecars, [&](std::string_view end) { return name.ends_with(end); });
}

bool is_hidden(const fs::path& path) {
    return path.filename().string().starts_with('.');
}

/// Whether the word could be a pattern of files, and not a URL, a subdataset or XML.
bool is_pattern(std::string_view word) {
    const auto colon = word.find(':');
    const bool has_prefix = colon != std::string_view::npos && colon < word.find('/');
    return word.find_first_of("*?[") != std::string_view::npos && !has_prefix &&
           !word.starts_with("/vsi") && !word.starts_with('<');
}

/// The entries of a folder by name, without hidden ones.
std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
    std::vector<fs::directory_entry> entries;
    std::error_code failure;
    for (fs::directory_iterator entry{folder, failure}, end; !failure && entry != end;
         entry.increment(failure)) {
        if (!is_hidden(entry->path())) {
            entries.push_back(*entry);
        }
    }
    if (failure) {
        throw Error{Errc::io, fmt::format("{}: {}", folder.string(), failure.message())};
    }
    std::ranges::sort(entries, {}, [](const auto& entry) { return entry.path().filename(); });
    return entries;
}

bool is_folder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

/// Looks for sources in folders.
class SourceFinder {
public:
    SourceFinder(const fs::path& output, const std::atomic<bool>& is_stopped)
        : output_{output}, is_stopped_{is_stopped} {}

    void add(const std::string& word) {
        std::error_code ignored;
        if (fs::exists(word, ignored) || names_store(word) || !is_pattern(word)) {
            add_path(word);
            return;
        }
        auto matches = matches_of(word);
        std::erase_if(matches, [&](const fs::path& path) {
            return is_output(path) || (!is_folder(path) && is_sidecar(path));
        });
        if (matches.empty()) {
            throw Error{Errc::not_found, fmt::format("{}: no file or folder is named so", word)};
        }
        for (const auto& path : matches) {
            add_path(path.string());
        }
    }

    SourceNames take() { return std::move(found_); }

private:
    /// What is left out of a folder, for a note.
    struct LeftOut {
        std::vector<std::string> names{};
        std::size_t count = 0;
    };

    void add_path(const std::string& name) {
        if (!is_folder(name) || names_store(name) || gdal::is_raster(name)) {
            found_.names.push_back(name);
            return;
        }
        const auto before = found_.names.size();
        LeftOut left_out;
        walk(name, name, left_out);
        if (found_.names.size() == before) {
            throw Error{Errc::not_found, fmt::format("{}: has no raster in it", name)};
        }
        if (left_out.count > 0) {
            const auto others = left_out.count - left_out.names.size();
            found_.notes.push_back(
                fmt::format("{}: not packed, since GDAL cannot open it as a raster: {}{}", name,
                            fmt::join(left_out.names, ", "),
                            others > 0 ? fmt::format(" and {} more", others) : ""));
        }
    }

    void walk(const fs::path& folder, const fs::path& root, LeftOut& left_out) {
        for (const auto& entry : entries_of(folder)) {
            check_stopped();
            const auto& path = entry.path();
            const bool is_deeper = is_folder(path);
            if (is_output(path) || (!is_deeper && is_sidecar(path))) {
                continue;
            }
            if (is_deeper && names_store(path.string())) {
                found_.notes.push_back(
                    fmt::format("{}: is a package or depot: name it to pack it", path.string()));
            } else if (gdal::is_raster(path.string())) {
                found_.names.push_back(path.string());
            } else if (!is_deeper) {
                if (++left_out.count <= max_named) {
                    left_out.names.push_back(path.lexically_relative(root).string());
                }
            } else if (!entry.is_symlink()) {
                walk(path, root, left_out);
            } else {
                found_.notes.push_back(fmt::format(
                    "{}: is a link to a folder: name it to pack what is in it", path.string()));
            }
        }
    }

    /// The paths that match, by name.
    std::vector<fs::path> matches_of(const fs::path& pattern) {
        std::vector<fs::path> paths{pattern.is_absolute() ? pattern.root_path() : fs::path{}};
        const auto parts = pattern.relative_path();
        for (auto part = parts.begin(); part != parts.end(); ++part) {
            if (*part == "**" && std::next(part) == parts.end()) {
                break;  // a folder stands for all that is in it
            }
            std::vector<fs::path> deeper;
            for (const auto& path : paths) {
                check_stopped();
                match(path, part->string(), deeper);
            }
            paths = std::move(deeper);
        }
        std::ranges::sort(paths);
        const auto twice = std::ranges::unique(paths);
        paths.erase(twice.begin(), twice.end());
        return paths;
    }

    /// What in the folder matches one part of a pattern. Parts without a pattern may be hidden.
    void match(const fs::path& folder, const std::string& part, std::vector<fs::path>& found) {
        std::error_code ignored;
        if (part.empty() || part.find_first_of("*?[") == std::string::npos) {
            if (fs::exists(folder / part, ignored)) {
                found.push_back(folder / part);
            }
            return;
        }
        const auto place = folder.empty() ? fs::path{"."} : folder;
        if (!is_folder(place)) {
            return;
        }
        if (part == "**") {
            found.push_back(folder);
        }
        for (const auto& entry : entries_of(place)) {
            check_stopped();
            const auto path = folder / entry.path().filename();
            if (part == "**") {
                if (is_folder(path) && !entry.is_symlink()) {
                    match(path, part, found);
                }
            } else if (::fnmatch(part.c_str(), path.filename().c_str(), 0) == 0) {
                found.push_back(path);
            }
        }
    }

    bool is_output(const fs::path& path) const {
        std::error_code ignored;
        return fs::equivalent(path, output_, ignored);
    }

    void check_stopped() const {
        if (is_stopped_) {
            throw Error{Errc::interrupted, "interrupted"};
        }
    }

    const fs::path& output_;
    const std::atomic<bool>& is_stopped_;
    SourceNames found_;
};

}  // namespace

SourceNames find_sources(const std::vector<std::string>& words, const fs::path& output,
                         const std::atomic<bool>& is_stopped) {
    SourceFinder finder{output, is_stopped};
    for (const auto& word : words) {
        finder.add(word);
    }
    return finder.take();
}

}  // namespace offgrid
