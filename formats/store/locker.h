#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace offgrid {

/// Excludes other threads, and other programs that share a cache, from one resource, such as a
/// TIFF file that is being written. Safe for concurrent use.
class Locker {
public:
    /// A lock that is held. Released when destroyed.
    class Lock {
    public:
        virtual ~Lock() = default;
        Lock(const Lock&) = delete;
        Lock& operator=(const Lock&) = delete;

    protected:
        Lock() = default;
    };

    virtual ~Locker() = default;
    Locker(const Locker&) = delete;
    Locker& operator=(const Locker&) = delete;

    /// Wait for the lock on the resource. Throws `busy`, naming the resource and who holds it as
    /// far as that is known, when it is not free in time.
    virtual std::unique_ptr<Lock> lock(std::string_view resource) = 0;

protected:
    Locker() = default;
};

struct FileLockerOptions {
    std::filesystem::path folder = "/tmp";
    std::chrono::milliseconds retry{100};
    std::chrono::milliseconds timeout{120'000};
};

/// Locks as MapCache's locker of type `disk` makes them, so that both may write one cache: a file
/// `_gc_lockRESOURCE.lck` in the folder, with the process id in it. In the resource, space, `/`,
/// `~` and `.` become `#`.
///
/// Threads of one process exclude each other as processes do; a thread that asks again for what it
/// holds waits for itself until the time is up. The lock of a process of this machine that has
/// ended is taken over, except in a folder on a network file system, where it may be of another
/// machine. While it is held the file is also locked with flock(2), so that a live lock of this
/// class is never taken for a stale one. A lock that is older than the timeout is waited for like
/// any other: MapCache deletes it, and two writers meet.
class FileLocker final : public Locker {
public:
    explicit FileLocker(FileLockerOptions options = {}) : options_{std::move(options)} {}

    std::unique_ptr<Lock> lock(std::string_view resource) override;

private:
    FileLockerOptions options_;
};

}  // namespace offgrid
