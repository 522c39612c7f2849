#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::test {

/// A fresh folder that is gone with the object.
class TempFolder {
public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline std::filesystem::path operator/(const TempFolder& folder, std::string_view name) {
    return folder.path() / name;
}

/// Write a whole file, replacing what was there.
void write_file(const std::filesystem::path& path, std::string_view content);

/// Read a whole file.
std::string read_text(const std::filesystem::path& path);

/// The names below a folder, relative and sorted; folders end in `/`.
std::vector<std::string> names_below(const std::filesystem::path& folder);

}  // namespace offgrid::test
