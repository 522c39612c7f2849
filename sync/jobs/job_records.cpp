#include "sync/jobs/job_records.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>

#include <system_error>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_record_bytes = 1 << 20;

}  // namespace

std::map<std::uint64_t, Job> JobRecords::load(const Log& log) const {
    std::map<std::uint64_t, Job> jobs;
    std::error_code failure;
    fs::directory_iterator entry{folder_, failure};
    for (; !failure && entry != fs::directory_iterator{}; entry.increment(failure)) {
        const auto& path = entry->path();
        const auto id = path.extension() == ".json"
                            ? parse_number<std::uint64_t>(path.stem().string())
                            : std::nullopt;
        if (!id) {
            continue;  // what a write that was cut short has left
        }
        try {
            auto job = parse_job_record(as_text(read_file(path, max_record_bytes)));
            job.id = *id;
            jobs.emplace(*id, std::move(job));
        } catch (const Error& error) {
            log(fmt::format("{} is left out: {}", path.string(), error.what()));
        }
    }
    if (failure && failure != std::errc::no_such_file_or_directory) {
        log(fmt::format("the records of jobs cannot be read: {}", failure.message()));
    }
    return jobs;
}

void JobRecords::save(const Job& job) {
    std::error_code unknown;
    if (!fs::exists(folder_, unknown)) {
        files_.create_directories(folder_);
    }
    write_durably(files_, path_of(job.id), as_bytes(to_json(job)));
}

void JobRecords::remove(std::uint64_t id) {
    files_.remove_all(path_of(id));
}

fs::path JobRecords::path_of(std::uint64_t id) const {
    return folder_ / fmt::format("{:06}.json", id);
}

}  // namespace offgrid
