#include "tests/support/slurm_cluster.h"

#include "tests/support/free_port.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto between_questions = std::chrono::milliseconds{50};

/// Neither control groups nor systemd, so that it runs in a container too. Slurm 22.05 knows no
/// `CgroupPlugin=disabled`; one that is named is not looked for, and nothing here uses it.
constexpr std::string_view cgroup_config = "CgroupPlugin=cgroup/v1\n";

// 0: folder, 1: user, 2: host, 3 and 4: ports of the controller and the node, 5: their address,
// 6: the line that has them listen on it only, or an empty one
constexpr auto slurm_config = R"(ClusterName=test
SlurmctldHost={2}({5})
SlurmctldPort={3}
SlurmUser={1}
SlurmdUser={1}
AuthInfo=socket={0}/munge.socket
{6}
StateSaveLocation={0}/state
SlurmdSpoolDir={0}/spool
SlurmctldPidFile={0}/slurmctld.pid
SlurmdPidFile={0}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
MailProg=/bin/true
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_min_interval=1000,bf_interval=1
NodeName=node NodeHostname={2} NodeAddr={5} Port={4} CPUs=8 RealMemory=4096
PartitionName=all Nodes=node Default=YES
)";

std::string user_name() {
    const auto* const user = ::getpwuid(::geteuid());
    if (user == nullptr) {
        throw std::runtime_error{"the user of the test has no name"};
    }
    return user->pw_name;
}

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) {
        throw std::runtime_error{"the machine has no name"};
    }
    return name.data();
}

struct FreeAddresses {
    void operator()(addrinfo* addresses) const noexcept { ::freeaddrinfo(addresses); }
};

/// The address of the host where that is on loopback, as /etc/hosts of Debian has it.
std::optional<std::string> loopback_address(const std::string& host) {
    addrinfo wanted{};
    wanted.ai_family = AF_INET;
    addrinfo* raw = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &wanted, &raw) != 0) {
        return std::nullopt;
    }
    const std::unique_ptr<addrinfo, FreeAddresses> found{raw};
    const auto address = reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr;
    std::array<char, INET_ADDRSTRLEN> text{};
    if (ntohl(address.s_addr) >> 24U != IN_LOOPBACKNET ||
        ::inet_ntop(AF_INET, &address, text.data(), text.size()) == nullptr) {
        return std::nullopt;
    }
    return text.data();
}

bool is_over(const std::string& state) {
    constexpr std::array<std::string_view, 4> states{"PENDING", "CONFIGURING", "RUNNING",
                                                     "COMPLETING"};
    return std::ranges::find(states, state) == states.end();
}

}  // namespace

SlurmCluster::SlurmCluster() : environment_{{"SLURM_CONF", (folder_ / "slurm.conf").string()}} {
    start_munged();
    for (int attempts = 0; attempts < 10; ++attempts) {
        if (start()) {
            return;
        }
    }
    throw std::runtime_error{"Slurm does not start: " + slurmctld_->output() + slurmd_->output()};
}

SlurmCluster::~SlurmCluster() {
    // What runs a job would go on, and wait for a controller that is gone.
    try {
        ask({"scancel", "--user", user_name()});
        const auto deadline = Clock::now() + std::chrono::seconds{20};
        while (!ask({"squeue", "--noheader"}).empty() && Clock::now() < deadline) {
            std::this_thread::sleep_for(between_questions);
        }
    } catch (const std::runtime_error&) {  // a server has ended, which the test has seen
    }
}

void SlurmCluster::start_munged() {
    const auto key = (folder_ / "munge.key").string();
    const auto made = run({"/usr/sbin/mungekey", "--create", "--keyfile", key});
    if (made.exit_code != 0) {
        throw std::runtime_error{"cannot make a key for munge: " + made.err};
    }
    // --force: nobody else may enter the folder of the socket, against which it warns.
    munged_ = std::make_unique<Process>(std::vector<std::string>{
        "/usr/sbin/munged", "--foreground", "--force", "--origin=127.0.0.1", "--key-file=" + key,
        "--socket=" + (folder_ / "munge.socket").string(),
        "--pid-file=" + (folder_ / "munge.pid").string(),
        "--log-file=" + (folder_ / "munge.log").string(),
        "--seed-file=" + (folder_ / "munge.seed").string()});
    munged_->wait_for_line("work threads");
}

/// Whether it started: a port may be taken.
bool SlurmCluster::start() {
    controller_port_ = free_port();
    node_port_ = free_port();
    write_config();
    const auto config = environment_.at("SLURM_CONF");
    slurmctld_ = std::make_unique<Process>(
        std::vector<std::string>{"/usr/sbin/slurmctld", "-D", "-c", "-f", config});
    slurmd_ = std::make_unique<Process>(
        std::vector<std::string>{"/usr/sbin/slurmd", "-D", "-N", "node", "-f", config});
    slurmctld_->wait_for_line("Running as primary controller");
    const auto deadline = Clock::now() + std::chrono::seconds{60};
    while (slurmctld_->is_running() && slurmd_->is_running()) {
        if (is_idle()) {
            return true;
        }
        if (Clock::now() > deadline) {
            throw std::runtime_error{"Slurm is not ready: " + slurmctld_->output() +
                                     slurmd_->output()};
        }
        std::this_thread::sleep_for(between_questions);
    }
    return false;
}

void SlurmCluster::write_config() const {
    fs::create_directories(folder_ / "state");
    fs::create_directories(folder_ / "spool");
    write_file(folder_ / "cgroup.conf", cgroup_config);
    const auto host = host_name();
    const auto address = loopback_address(host);
    write_file(environment_.at("SLURM_CONF"),
               fmt::format(slurm_config, folder_.path().string(), user_name(),
                           host.substr(0, host.find('.')), controller_port_, node_port_,
                           address.value_or("127.0.0.1"),
                           address ? "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny" : ""));
}

/// Whether the node has reported to the controller. A controller that does not answer yet is not
/// an error.
bool SlurmCluster::is_idle() const {
    return run({"sinfo", "--noheader", "--format=%T"},
               {.input = {}, .cwd = {}, .environment = environment_})
               .out == "idle\n";
}

std::vector<std::string> SlurmCluster::list_jobs(const std::vector<std::string>& options) const {
    std::vector<std::string> command{"squeue", "--noheader", "--states=all"};
    command.insert(command.end(), options.begin(), options.end());
    std::istringstream lines{ask(command)};
    std::vector<std::string> jobs;
    for (std::string line; std::getline(lines, line);) {
        jobs.push_back(line);
    }
    return jobs;
}

std::string SlurmCluster::wait_for(const std::string& job) const {
    const auto deadline = Clock::now() + std::chrono::minutes{5};
    for (;;) {
        const auto states = list_jobs({"--jobs=" + job, "--format=%T"});
        if (states.size() == 1 && is_over(states.front())) {
            return states.front();
        }
        if (Clock::now() > deadline) {
            throw std::runtime_error{"job " + job + " does not end: " + slurmctld_->output()};
        }
        std::this_thread::sleep_for(between_questions);
    }
}

/// What a command of Slurm answers.
std::string SlurmCluster::ask(const std::vector<std::string>& command) const {
    const auto answer = run(command, {.input = {}, .cwd = {}, .environment = environment_});
    if (answer.exit_code != 0) {
        throw std::runtime_error{command.front() + ": " + answer.err};
    }
    return answer.out;
}

}  // namespace offgrid::test
