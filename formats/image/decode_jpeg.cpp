#include "formats/base/error.h"
#include "formats/image/decode.h"
#include "formats/image/decode_rows.h"

#include <csetjmp>
#include <cstdio>
// jpeglib.h needs the declarations of cstdio before it.
#include <jpeglib.h>

namespace offgrid {
namespace {

/// Encoders write about ten. A file of a few kilobytes with thousands would have every pixel
/// refined as often.
constexpr int max_scans = 100;

/// libjpeg's state. It reports errors by a call that must not return, so the way out is longjmp;
/// nothing with a destructor lives between.
struct JpegDecoder {
    jpeg_decompress_struct decompress{};
    jpeg_error_mgr errors{};
    jpeg_progress_mgr progress{};
    std::jmp_buf failure{};

    static JpegDecoder& of(j_common_ptr common) {
        return *static_cast<JpegDecoder*>(common->client_data);
    }

    [[noreturn]] static void fail(j_common_ptr common) { std::longjmp(of(common).failure, 1); }

    static void stay_silent(j_common_ptr /*common*/) {}

    /// Negative levels are warnings: the file is damaged or ends early, and libjpeg would make up
    /// the rest.
    static void fail_on_warning(j_common_ptr common, int level) {
        if (level < 0) {
            fail(common);
        }
    }

    static void limit_scans(j_common_ptr common) {
        auto& self = of(common);
        if (self.decompress.input_scan_number > max_scans) {
            fail(common);
        }
    }

    JpegDecoder() {
        decompress.err = jpeg_std_error(&errors);
        errors.error_exit = fail;
        errors.output_message = stay_silent;
        errors.emit_message = fail_on_warning;
        decompress.client_data = this;
        if (setjmp(failure) != 0) {
            throw Error{Errc::io, "cannot decode JPEG: " + message()};
        }
        jpeg_create_decompress(&decompress);
        progress.progress_monitor = limit_scans;
        decompress.progress = &progress;
    }

    ~JpegDecoder() { jpeg_destroy_decompress(&decompress); }
    JpegDecoder(const JpegDecoder&) = delete;
    JpegDecoder& operator=(const JpegDecoder&) = delete;

    std::string message() {
        if (decompress.input_scan_number > max_scans) {
            return fmt::format("it has more than {} scans", max_scans);
        }
        char text[JMSG_LENGTH_MAX] = {};
        errors.format_message(reinterpret_cast<j_common_ptr>(&decompress), text);
        return text;
    }

    /// False when libjpeg failed; here and below.
    bool read_header(BytesView tile) {
        if (setjmp(failure) != 0) {
            return false;
        }
        jpeg_mem_src(&decompress, tile.data(), tile.size());
        jpeg_read_header(&decompress, TRUE);
        return true;
    }

    enum class Outcome { whole, stopped, failed };

    Outcome read_rows(Image& image, GoesOn goes_on) {
        if (setjmp(failure) != 0) {
            return Outcome::failed;
        }
        decompress.out_color_space = JCS_EXT_RGBA;
        jpeg_start_decompress(&decompress);
        while (decompress.output_scanline < decompress.output_height) {
            const auto y = static_cast<int>(decompress.output_scanline);
            JSAMPLE* row = image.row(y);
            // libjpeg gives no row only where its source has to wait for more; memory has not.
            jpeg_read_scanlines(&decompress, &row, 1);
            if (goes_on != nullptr && !goes_on(image, y)) {
                return Outcome::stopped;
            }
        }
        jpeg_finish_decompress(&decompress);
        return Outcome::whole;
    }
};

[[noreturn]] void refuse(JpegDecoder& decoder) {
    throw Error{Errc::corrupt, "cannot decode JPEG: " + decoder.message()};
}

}  // namespace

std::optional<Image> decode_jpeg(BytesView tile, GoesOn goes_on, int max_side) {
    JpegDecoder decoder;
    if (!decoder.read_header(tile)) {
        refuse(decoder);
    }
    const auto& header = decoder.decompress;
    const auto most = static_cast<JDIMENSION>(max_side);
    if (header.image_width > most || header.image_height > most) {
        throw Error{Errc::too_large,
                    fmt::format("cannot decode JPEG: {} by {} pixels are more than {} across",
                                header.image_width, header.image_height, max_side)};
    }
    if (header.jpeg_color_space != JCS_GRAYSCALE && header.jpeg_color_space != JCS_YCbCr &&
        header.jpeg_color_space != JCS_RGB) {
        throw Error{Errc::unsupported,
                    "cannot decode JPEG: its colours are neither grey, YCbCr nor RGB"};
    }
    Image image{static_cast<int>(header.image_width), static_cast<int>(header.image_height)};
    switch (decoder.read_rows(image, goes_on)) {
        case JpegDecoder::Outcome::whole:
            return image;
        case JpegDecoder::Outcome::stopped:
            return std::nullopt;
        case JpegDecoder::Outcome::failed:
            break;
    }
    refuse(decoder);
}

}  // namespace offgrid
