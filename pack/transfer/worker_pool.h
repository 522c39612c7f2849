#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace offgrid {

/// Threads that share the work on one batch after the other. Owned by one thread, which works too.
class WorkerPool {
public:
    /// Do one piece. `worker` counts from 0 to `size() - 1`; no two run at a time with the same.
    using Work = std::function<void(std::size_t index, std::size_t worker)>;

    /// REQUIRES: size > 0.
    explicit WorkerPool(std::size_t size);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    std::size_t size() const { return threads_.size() + 1; }

    /// Do the pieces 0 to `count - 1`, in any order. After the first that throws no other is begun;
    /// what it threw is thrown again when all have ended.
    void for_each(std::size_t count, const Work& work);

private:
    void run(std::size_t worker);
    void do_pieces(std::size_t worker);

    std::vector<std::thread> threads_;
    std::atomic<std::size_t> next_ = 0;

    std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    const Work* work_ = nullptr;
    std::size_t count_ = 0;
    std::size_t round_ = 0;
    std::size_t busy_ = 0;
    std::exception_ptr failure_;
    bool is_ending_ = false;
};

}  // namespace offgrid
