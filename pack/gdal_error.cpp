#include "pack/gdal_error.h"

#include <cpl_error.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace offgrid::gdal {
namespace {

/// A raster of any size is packed in bounded memory; this is GDAL's share for all threads.
constexpr GIntBig block_cache_bytes = GIntBig{128} << 20;

constexpr std::size_t max_messages = 4;
constexpr std::size_t max_message_bytes = 300;

/// One line of printable text: messages quote what stands in files.
std::string one_line(std::string_view text) {
    std::string line{text.substr(0, max_message_bytes)};
    std::ranges::replace_if(
        line, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    while (!line.empty() && (line.back() == ' ' || line.back() == '.')) {
        line.pop_back();
    }
    return line;
}

}  // namespace

void prepare() {
    GDALAllRegister();
    GDALSetCacheMax64(block_cache_bytes);
    // Without this a JPEG that ends early is made up to its last row.
    CPLSetConfigOption("GDAL_ERROR_ON_LIBJPEG_WARNING", "TRUE");
}

Messages::Messages() {
    CPLPushErrorHandlerEx(&Messages::handle, this);
}

Messages::~Messages() {
    CPLPopErrorHandler();
}

void CPL_STDCALL Messages::handle(CPLErr level, CPLErrorNum number, const char* text) {
    auto& self = *static_cast<Messages*>(CPLGetErrorHandlerUserData());
    if (level < CE_Failure || self.failures_.size() >= max_messages) {
        return;
    }
    self.is_out_of_memory_ = self.is_out_of_memory_ || number == CPLE_OutOfMemory;
    auto line = one_line(text);
    if (std::ranges::find(self.failures_, line) == self.failures_.end()) {
        self.failures_.push_back(std::move(line));
    }
}

std::string Messages::text_or(std::string_view otherwise) const {
    return failures_.empty() ? std::string{otherwise}
                             : fmt::format("{}", fmt::join(failures_, "; "));
}

Error Messages::error(Errc code, std::string_view context) const {
    return Error{is_out_of_memory_ ? Errc::too_large : code,
                 fmt::format("{}: {}", context, text_or("GDAL does not say why"))};
}

bool is_raster(const std::string& name) {
    const Messages messages;
    return Dataset{GDALDataset::Open(name.c_str(), GDAL_OF_RASTER)} != nullptr;
}

Dataset open(const std::string& name) {
    const Messages messages;
    Dataset dataset{GDALDataset::Open(name.c_str(), GDAL_OF_RASTER | GDAL_OF_VERBOSE_ERROR)};
    if (dataset) {
        return dataset;
    }
    std::error_code failure;
    if (!std::filesystem::exists(name, failure)) {
        throw Error{Errc::not_found,
                    fmt::format("{}: {}", name, failure ? failure.message() : "no such file")};
    }
    if (std::filesystem::is_directory(name, failure)) {
        throw Error{Errc::unsupported, fmt::format("{}: is a folder, not a raster", name)};
    }
    throw messages.error(Errc::unsupported,
                         fmt::format("{}: not a raster that GDAL can read", name));
}

}  // namespace offgrid::gdal
