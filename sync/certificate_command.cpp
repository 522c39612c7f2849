#include "sync/certificate_command.h"

#include "formats/base/error.h"
#include "sync/certificate.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <string_view>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

void write(OutputFile& file, std::string_view content) {
    file.append(as_bytes(content));
    file.sync();
}

}  // namespace

void add_certificate_options(CLI::App& app, CertificateCommandOptions& options) {
    app.add_option("--out", options.folder,
                   "Folder for certificate.pem and key.pem; created where it is missing")
        ->required()
        ->type_name("DIR");
    app.add_option("--name", options.names,
                   "A host name or IP address that clients call the daemon by; may be repeated")
        ->required()
        ->type_name("HOST")
        ->take_all()
        ->allow_extra_args(false);
    app.add_option("--days", options.days, "How long it is valid")
        ->check(CLI::Range(1, 36'500))
        ->capture_default_str();
}

int run_certificate(const CertificateCommandOptions& options, FileOps& files) {
    const auto made =
        make_certificate({.names = options.names, .validity = std::chrono::days{options.days}},
                         std::chrono::system_clock::now());
    const auto folder = fs::absolute(options.folder);
    const auto certificate = folder / "certificate.pem";
    const auto key = folder / "key.pem";
    for (const auto& path : {certificate, key}) {
        if (fs::exists(path)) {
            throw Error{Errc::already_exists, fmt::format("{} exists already", path.string())};
        }
    }
    files.create_directories(folder);
    write(*files.create_secret(key), made.key_pem);
    write(*files.create(certificate), made.certificate_pem);
    files.sync_directory(folder);
    fmt::print("certificate  {}\nkey          {}\nSHA-256      {}\n", certificate.string(),
               key.string(), made.sha256);
    return 0;
}

}  // namespace offgrid
