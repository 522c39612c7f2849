#include "tests/support/faulty_file_ops.h"

#include <type_traits>

namespace offgrid::test {

template <typename Step>
auto FaultyFileOps::take(std::string_view name, const Step& step) {
    const int number = ++steps_;
    visitor_(When::before, number, name);
    if constexpr (std::is_void_v<std::invoke_result_t<Step>>) {
        step();
        visitor_(When::after, number, name);
    } else {
        auto result = step();
        visitor_(When::after, number, name);
        return result;
    }
}

class FaultyOutputFile final : public OutputFile {
public:
    FaultyOutputFile(FaultyFileOps& files, std::unique_ptr<OutputFile> file)
        : files_{files}, file_{std::move(file)} {}

    void append(BytesView piece) override {
        files_.take("append", [&] { file_->append(piece); });
    }
    void sync() override {
        files_.take("sync", [&] { file_->sync(); });
    }

private:
    FaultyFileOps& files_;
    std::unique_ptr<OutputFile> file_;
};

void FaultyFileOps::create_directories(const std::filesystem::path& path) {
    take("create_directories", [&] { posix_file_ops().create_directories(path); });
}

std::unique_ptr<OutputFile> FaultyFileOps::create(const std::filesystem::path& path) {
    return take("create", [&]() -> std::unique_ptr<OutputFile> {
        return std::make_unique<FaultyOutputFile>(*this, posix_file_ops().create(path));
    });
}

void FaultyFileOps::copy_file(const std::filesystem::path& from, const std::filesystem::path& to) {
    take("copy_file", [&] { posix_file_ops().copy_file(from, to); });
}

void FaultyFileOps::sync_file(const std::filesystem::path& path) {
    take("sync_file", [&] { posix_file_ops().sync_file(path); });
}

void FaultyFileOps::sync_directory(const std::filesystem::path& path) {
    take("sync_directory", [&] { posix_file_ops().sync_directory(path); });
}

void FaultyFileOps::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    take("rename", [&] { posix_file_ops().rename(from, to); });
}

void FaultyFileOps::exchange(const std::filesystem::path& one, const std::filesystem::path& other) {
    take("exchange", [&] { posix_file_ops().exchange(one, other); });
}

void FaultyFileOps::remove_all(const std::filesystem::path& path) {
    take("remove_all", [&] { posix_file_ops().remove_all(path); });
}

std::uint64_t FaultyFileOps::free_bytes(const std::filesystem::path& path) {
    return posix_file_ops().free_bytes(path);
}

}  // namespace offgrid::test
