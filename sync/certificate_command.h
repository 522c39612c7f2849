#pragma once

#include "formats/base/file_ops.h"

#include <CLI/App.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid {

struct CertificateCommandOptions {
    std::filesystem::path folder;
    std::vector<std::string> names;
    int days = 825;
};

/// Declare the options of `offgrid certificate`. Parsing writes into `options`, which outlives the
/// app.
void add_certificate_options(CLI::App& app, CertificateCommandOptions& options);

/// Make a self-signed certificate, write it and its key into the folder, and print its fingerprint:
/// the exit code. Overwrites nothing.
int run_certificate(const CertificateCommandOptions& options, FileOps& files);

}  // namespace offgrid
