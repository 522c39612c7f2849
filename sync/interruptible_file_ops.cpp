#include "sync/interruptible_file_ops.h"

#include "formats/base/error.h"

#include <utility>

namespace offgrid {
namespace {

class InterruptibleOutputFile final : public OutputFile {
public:
    InterruptibleOutputFile(std::unique_ptr<OutputFile> file, const std::atomic<bool>& is_stopped)
        : file_{std::move(file)}, is_stopped_{is_stopped} {}

    void append(BytesView piece) override {
        check_not_stopped(is_stopped_);
        file_->append(piece);
    }

    void sync() override {
        check_not_stopped(is_stopped_);
        file_->sync();
    }

private:
    std::unique_ptr<OutputFile> file_;
    const std::atomic<bool>& is_stopped_;
};

}  // namespace

void check_not_stopped(const std::atomic<bool>& is_stopped) {
    if (is_stopped) {
        throw Error{Errc::interrupted, "the server is ending; nothing was changed"};
    }
}

void InterruptibleFileOps::before_step() {
    check_not_stopped(is_stopped_);
}

std::unique_ptr<OutputFile> InterruptibleFileOps::wrap(std::unique_ptr<OutputFile> file,
                                                       const std::filesystem::path& /*path*/) {
    return std::make_unique<InterruptibleOutputFile>(std::move(file), is_stopped_);
}

}  // namespace offgrid
