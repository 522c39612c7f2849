#include "tests/support/faulty_file_ops.h"

#include <type_traits>

namespace offgrid::test {

template <typename Action>
auto FaultyFileOps::take(Step step, const Action& action) {
    const int number = ++steps_;
    visitor_(When::before, number, step.name);
    if constexpr (std::is_void_v<std::invoke_result_t<Action>>) {
        action();
        finish(number, std::move(step));
    } else {
        auto result = action();
        finish(number, std::move(step));
        return result;
    }
}

void FaultyFileOps::finish(int number, Step step) {
    const std::string name = step.name;
    {
        const std::lock_guard lock{mutex_};
        trace_.push_back(std::move(step));
    }
    visitor_(When::after, number, name);
}

std::vector<FaultyFileOps::Step> FaultyFileOps::trace() const {
    const std::lock_guard lock{mutex_};
    return trace_;
}

class FaultyOutputFile final : public OutputFile {
public:
    FaultyOutputFile(FaultyFileOps& files, std::filesystem::path path,
                     std::unique_ptr<OutputFile> file)
        : files_{files}, path_{std::move(path)}, file_{std::move(file)} {}

    void append(BytesView piece) override {
        files_.take({.name = "append", .path = path_}, [&] { file_->append(piece); });
    }
    void sync() override {
        files_.take({.name = "sync", .path = path_}, [&] { file_->sync(); });
    }

private:
    FaultyFileOps& files_;
    std::filesystem::path path_;
    std::unique_ptr<OutputFile> file_;
};

void FaultyFileOps::create_directories(const std::filesystem::path& path) {
    take({.name = "create_directories", .path = path},
         [&] { posix_file_ops().create_directories(path); });
}

std::unique_ptr<OutputFile> FaultyFileOps::create(const std::filesystem::path& path) {
    return take({.name = "create", .path = path}, [&]() -> std::unique_ptr<OutputFile> {
        return std::make_unique<FaultyOutputFile>(*this, path, posix_file_ops().create(path));
    });
}

std::unique_ptr<OutputFile> FaultyFileOps::create_secret(const std::filesystem::path& path) {
    return take({.name = "create", .path = path}, [&]() -> std::unique_ptr<OutputFile> {
        return std::make_unique<FaultyOutputFile>(*this, path,
                                                  posix_file_ops().create_secret(path));
    });
}

std::unique_ptr<OutputFile> FaultyFileOps::append_to(const std::filesystem::path& path) {
    return take({.name = "append_to", .path = path}, [&]() -> std::unique_ptr<OutputFile> {
        return std::make_unique<FaultyOutputFile>(*this, path, posix_file_ops().append_to(path));
    });
}

void FaultyFileOps::copy_file(const std::filesystem::path& from, const std::filesystem::path& to) {
    take({.name = "copy_file", .path = from, .to = to},
         [&] { posix_file_ops().copy_file(from, to); });
}

void FaultyFileOps::sync_file(const std::filesystem::path& path) {
    take({.name = "sync_file", .path = path}, [&] { posix_file_ops().sync_file(path); });
}

void FaultyFileOps::sync_directory(const std::filesystem::path& path) {
    take({.name = "sync_directory", .path = path}, [&] { posix_file_ops().sync_directory(path); });
}

void FaultyFileOps::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    take({.name = "rename", .path = from, .to = to}, [&] { posix_file_ops().rename(from, to); });
}

void FaultyFileOps::exchange(const std::filesystem::path& one, const std::filesystem::path& other) {
    take({.name = "exchange", .path = one, .to = other},
         [&] { posix_file_ops().exchange(one, other); });
}

void FaultyFileOps::remove_all(const std::filesystem::path& path) {
    take({.name = "remove_all", .path = path}, [&] { posix_file_ops().remove_all(path); });
}

std::uint64_t FaultyFileOps::free_bytes(const std::filesystem::path& path) {
    return posix_file_ops().free_bytes(path);
}

}  // namespace offgrid::test
