#pragma once

#include "formats/base/forwarding_file_ops.h"

#include <atomic>

namespace offgrid {

/// Another FileOps whose work can be stopped: once the flag is set, every step that would bring
/// more to the disk throws `interrupted`, also the next piece of a file that is being written. What
/// cleans up still works.
///
/// Neither the FileOps nor the flag is owned. Safe for concurrent use.
class InterruptibleFileOps final : public ForwardingFileOps {
public:
    InterruptibleFileOps(FileOps& files, const std::atomic<bool>& is_stopped)
        : ForwardingFileOps{files}, is_stopped_{is_stopped} {}

protected:
    void before_step() override;
    std::unique_ptr<OutputFile> wrap(std::unique_ptr<OutputFile> file,
                                     const std::filesystem::path& path) override;

private:
    const std::atomic<bool>& is_stopped_;
};

/// Throws `interrupted` when the flag is set.
void check_not_stopped(const std::atomic<bool>& is_stopped);

}  // namespace offgrid
