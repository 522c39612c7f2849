#include "formats/image/jpeg.h"

#include "formats/base/error.h"

#include <csetjmp>
#include <cstdio>
// jpeglib.h needs the declarations of cstdio before it.
#include <jpeglib.h>

namespace offgrid {
namespace {

/// More than any image takes: T.81 codes a sample in at most 2 bytes and a bit, plus the tables.
std::size_t bound(const ImageView& image) {
    return 4096 + 6 * static_cast<std::size_t>(image.width + 16) *
                      static_cast<std::size_t>(image.height + 16);
}

}  // namespace

/// libjpeg's state. It reports errors by a call that must not return, so the way out is longjmp;
/// nothing with a destructor lives between.
struct JpegEncoder::Codec {
    jpeg_compress_struct compress{};
    jpeg_error_mgr errors{};
    jpeg_destination_mgr destination{};
    std::jmp_buf failure{};
    Bytes buffer;

    static Codec& of(j_common_ptr common) { return *static_cast<Codec*>(common->client_data); }

    [[noreturn]] static void fail(j_common_ptr common) { std::longjmp(of(common).failure, 1); }

    static void stay_silent(j_common_ptr /*common*/) {}

    static void begin(j_compress_ptr info) {
        auto& self = of(reinterpret_cast<j_common_ptr>(info));
        self.destination.next_output_byte = self.buffer.data();
        self.destination.free_in_buffer = self.buffer.size();
    }

    static boolean overflow(j_compress_ptr info) { fail(reinterpret_cast<j_common_ptr>(info)); }

    static void end(j_compress_ptr /*info*/) {}

    Codec() {
        compress.err = jpeg_std_error(&errors);
        errors.error_exit = fail;
        errors.output_message = stay_silent;
        compress.client_data = this;
        if (setjmp(failure) != 0) {
            throw Error{Errc::io, "cannot encode JPEG: " + message()};
        }
        jpeg_create_compress(&compress);
        destination.init_destination = begin;
        destination.empty_output_buffer = overflow;
        destination.term_destination = end;
        compress.dest = &destination;
    }

    ~Codec() { jpeg_destroy_compress(&compress); }
    Codec(const Codec&) = delete;
    Codec& operator=(const Codec&) = delete;

    std::string message() {
        char text[JMSG_LENGTH_MAX] = {};
        errors.format_message(reinterpret_cast<j_common_ptr>(&compress), text);
        return text;
    }

    void set_colour(JpegColour colour) {
        if (colour == JpegColour::rgb) {
            jpeg_set_colorspace(&compress, JCS_RGB);
        } else {  // the default is 4:2:0
            compress.comp_info[0].h_samp_factor = colour == JpegColour::ycbcr_444 ? 1 : 2;
            compress.comp_info[0].v_samp_factor = colour == JpegColour::ycbcr_420 ? 2 : 1;
        }
    }

    /// False when libjpeg failed.
    bool write_tables(int quality) {
        if (setjmp(failure) != 0) {
            return false;
        }
        compress.input_components = 3;
        compress.in_color_space = JCS_RGB;
        jpeg_set_defaults(&compress);
        jpeg_set_quality(&compress, quality, TRUE);
        jpeg_write_tables(&compress);
        return true;
    }

    Bytes written() const {
        const auto size = buffer.size() - destination.free_in_buffer;
        return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)};
    }

    /// False when libjpeg failed.
    bool run(const ImageView& image, int quality, JpegColour colour) {
        if (setjmp(failure) != 0) {
            return false;
        }
        compress.image_width = static_cast<JDIMENSION>(image.width);
        compress.image_height = static_cast<JDIMENSION>(image.height);
        compress.input_components = 4;
        compress.in_color_space = JCS_EXT_RGBX;
        jpeg_set_defaults(&compress);
        jpeg_set_quality(&compress, quality, TRUE);
        set_colour(colour);
        compress.optimize_coding = TRUE;
        jpeg_start_compress(&compress, TRUE);
        while (compress.next_scanline < compress.image_height) {
            // libjpeg only reads the row, but its interface is older than const.
            auto* row = const_cast<JSAMPLE*>(image.row(static_cast<int>(compress.next_scanline)));
            jpeg_write_scanlines(&compress, &row, 1);
        }
        jpeg_finish_compress(&compress);
        return true;
    }
};

JpegEncoder::JpegEncoder() : codec_{std::make_unique<Codec>()} {}

JpegEncoder::~JpegEncoder() = default;

Bytes JpegEncoder::encode(const ImageView& image, int quality, JpegColour colour) {
    codec_->buffer.resize(bound(image));
    if (!codec_->run(image, quality, colour)) {
        const auto cause = codec_->message();
        jpeg_abort_compress(&codec_->compress);
        throw Error{Errc::io, "cannot encode JPEG: " + cause};
    }
    return codec_->written();
}

Bytes jpeg_tables(int quality) {
    // A fresh encoder: one that has encoded keeps the Huffman tables of that image.
    const JpegEncoder encoder;
    encoder.codec_->buffer.resize(4096);
    if (!encoder.codec_->write_tables(quality)) {
        throw Error{Errc::io, "cannot write JPEG tables: " + encoder.codec_->message()};
    }
    return encoder.codec_->written();
}

}  // namespace offgrid
