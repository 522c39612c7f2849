#pragma once

#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace offgrid::test {

/// A Slurm cluster of one node of its own on loopback, ready for jobs: munged, slurmctld and slurmd
/// as the user of the test, with all they keep in a temporary folder. The node claims eight
/// processors, however many the machine has. Stopped with the object, its jobs before it.
///
/// Slurm listens on the address that the name of the machine stands for, or on all. Where the name
/// stands for none on loopback it has to be all: who asks there needs the key in the folder.
class SlurmCluster {
public:
    SlurmCluster();
    ~SlurmCluster();
    SlurmCluster(const SlurmCluster&) = delete;
    SlurmCluster& operator=(const SlurmCluster&) = delete;

    /// What `sbatch` and the others must find in their environment.
    const std::map<std::string, std::string>& environment() const { return environment_; }

    /// The lines of `squeue` about all jobs, those that ended too.
    std::vector<std::string> list_jobs(const std::vector<std::string>& options) const;

    /// Wait until the job has ended: its state, for example `COMPLETED`.
    std::string wait_for(const std::string& job) const;

private:
    void start_munged();
    void write_config() const;
    bool start();
    bool is_idle() const;
    std::string ask(const std::vector<std::string>& command) const;

    TempFolder folder_;
    int controller_port_ = 0;
    int node_port_ = 0;
    std::map<std::string, std::string> environment_;
    std::unique_ptr<Process> munged_;
    std::unique_ptr<Process> slurmctld_;
    std::unique_ptr<Process> slurmd_;
};

}  // namespace offgrid::test
