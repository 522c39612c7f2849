// How fast tiles are encoded, and how small: each encoding beside what GDAL's drivers write of the
// same tiles, as gdal2tiles has them written.
//
//     offgrid_encode_bench RASTER [ROUNDS]
//
// RASTER: 3 bands of bytes. Its tiles of 256 by 256 pixels, at most 200 spread over all of it, are
// encoded in turns; the table has medians of the rounds, in CPU time of one thread.

#include "formats/image/decode.h"
#include "formats/image/encode.h"
#include "pack/gdal_error.h"

#include <cpl_string.h>
#include <cpl_vsi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace offgrid;

constexpr int tile_size = 256;
constexpr int max_tiles = 200;

std::vector<Image> read_tiles(const std::string& name) {
    const auto source = gdal::open(name);
    const int columns = source->GetRasterXSize() / tile_size;
    const int rows = source->GetRasterYSize() / tile_size;
    const int step = std::max(1, columns * rows / max_tiles);
    std::vector<Image> tiles;
    for (int i = 0; i < columns * rows && tiles.size() < max_tiles; i += step) {
        Image tile{tile_size, tile_size};
        std::ranges::fill(tile.rgba, std::uint8_t{255});
        if (source->RasterIO(GF_Read, i % columns * tile_size, i / columns * tile_size, tile_size,
                             tile_size, tile.rgba.data(), tile_size, tile_size, GDT_Byte, 3,
                             nullptr, 4, 4 * tile_size, 1, nullptr) != CE_None) {
            throw Error{Errc::io, "cannot read " + name};
        }
        tiles.push_back(std::move(tile));
    }
    return tiles;
}

/// A tile with red, green, blue and alpha, which gdal2tiles always writes.
Bytes encode_with_gdal(const char* driver_name, const Image& tile, const char* option) {
    auto* const memory = GetGDALDriverManager()->GetDriverByName("MEM");
    const gdal::Dataset dataset{memory->Create("", tile.width, tile.height, 4, GDT_Byte, nullptr)};
    auto* const pixels = const_cast<std::uint8_t*>(tile.rgba.data());
    if (dataset->RasterIO(GF_Write, 0, 0, tile.width, tile.height, pixels, tile.width, tile.height,
                          GDT_Byte, 4, nullptr, 4, 4 * tile.width, 1, nullptr) != CE_None) {
        throw Error{Errc::io, "cannot fill a dataset"};
    }
    dataset->GetRasterBand(4)->SetColorInterpretation(GCI_AlphaBand);
    const CPLStringList options{option == nullptr ? nullptr : CSLAddString(nullptr, option)};
    const std::string name = "/vsimem/tile";
    auto* const driver = GetGDALDriverManager()->GetDriverByName(driver_name);
    gdal::Dataset{
        driver->CreateCopy(name.c_str(), dataset.get(), FALSE, options.List(), nullptr, nullptr)};
    vsi_l_offset size = 0;
    const auto* const content = VSIGetMemFileBuffer(name.c_str(), &size, FALSE);
    Bytes tile_bytes{content, content + size};
    VSIUnlink(name.c_str());
    VSIUnlink((name + ".aux.xml").c_str());
    return tile_bytes;
}

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double squared_difference(const Image& a, const Image& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.rgba.size(); ++i) {
        const double difference = a.rgba[i] - b.rgba[i];
        sum += difference * difference;
    }
    return sum;
}

struct Way {
    std::string name;
    std::function<Bytes(const Image&)> encode;
    std::vector<double> seconds{};
    std::size_t bytes = 0;
    double squares = 0;
};

std::vector<Way> all_ways() {
    std::vector<Way> ways;
    for (const auto& [word, encoding] : encodings()) {
        if (encoding != Encoding::mixed) {
            const auto encoder = std::make_shared<Encoder>(encoding, 75);
            ways.push_back({"offgrid " + word,
                            [encoder](const Image& tile) { return encoder->encode(tile); }});
        }
    }
    const auto add = [&](const char* name, const char* driver, const char* option) {
        ways.push_back(
            {name, [=](const Image& tile) { return encode_with_gdal(driver, tile, option); }});
    };
    add("GDAL PNG", "PNG", nullptr);
    add("GDAL WEBP", "WEBP", "QUALITY=75");
    add("GDAL WEBP lossless", "WEBP", "LOSSLESS=TRUE");
    return ways;
}

void run(const std::string& raster, int rounds) {
    gdal::prepare();
    const auto tiles = read_tiles(raster);
    auto ways = all_ways();
    for (int round = 0; round < rounds; ++round) {
        for (auto& way : ways) {
            const double start = cpu_seconds();
            std::vector<Bytes> encoded;
            for (const auto& tile : tiles) {
                encoded.push_back(way.encode(tile));
            }
            way.seconds.push_back(cpu_seconds() - start);
            for (std::size_t i = 0; round == 0 && i < tiles.size(); ++i) {
                way.bytes += encoded[i].size();
                way.squares += squared_difference(decode_tile(encoded[i]), tiles[i]);
            }
        }
    }
    const auto count = static_cast<double>(tiles.size());
    fmt::print("{} tiles, medians of {} rounds\n{:24}{:>9}{:>10}{:>9}{:>9}\n", tiles.size(), rounds,
               "", "tiles/s", "ms/tile", "kB/tile", "PSNR dB");
    for (auto& way : ways) {
        std::ranges::sort(way.seconds);
        const double seconds = way.seconds[way.seconds.size() / 2];
        const double mean_square = way.squares / (count * 3 * tile_size * tile_size);
        fmt::print("{:24}{:9.0f}{:10.2f}{:9.1f}{:9.1f}\n", way.name, count / seconds,
                   seconds / count * 1e3, static_cast<double>(way.bytes) / count / 1e3,
                   mean_square == 0 ? INFINITY : 10 * std::log10(255 * 255 / mean_square));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: offgrid_encode_bench RASTER [ROUNDS]\n");
        return 2;
    }
    try {
        run(argv[1], argc > 2 ? std::max(1, std::atoi(argv[2])) : 5);
    } catch (const std::exception& error) {
        fmt::print(stderr, "offgrid_encode_bench: {}\n", error.what());
        return 1;
    }
    return 0;
}
