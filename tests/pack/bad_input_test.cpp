#include "pack/gdal_bands.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>

namespace offgrid::test {
namespace {

using testing::_;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PackBadInput : public testing::Test {
protected:
    PackOptions options(const std::string& source) const {
        return {.sources = {source}, .output = outputs_ / "out"};
    }

    /// Expect a failure that names the source, and that nothing is left but what a message offers
    /// to go on with.
    void expect_refused(const std::string& source, Errc code, const std::string& cause) {
        EXPECT_THAT([&] { pack_quietly(options(source)); },
                    throws(code, AllOf(HasSubstr(source), HasSubstr(cause))));
        EXPECT_FALSE(std::filesystem::exists(outputs_ / "out"));
        const auto again = [&] { pack_quietly(options(source)); };
        if (std::filesystem::exists(outputs_ / ".out.partial")) {
            EXPECT_THAT(again, throws(code, HasSubstr("--resume")));
            std::filesystem::remove_all(outputs_ / ".out.partial");
        }
        EXPECT_THAT(names_below(outputs_.path()), IsEmpty());
    }

    TempFolder folder_;
    TempFolder outputs_;
};

TEST_F(PackBadInput, refuses_a_file_that_is_not_there) {
    expect_refused((folder_ / "none.tif").string(), Errc::not_found, "no such file");
}

TEST_F(PackBadInput, refuses_what_is_no_raster) {
    write_file(folder_ / "text.tif", "not a raster");

    expect_refused((folder_ / "text.tif").string(), Errc::unsupported,
                   "not a raster that GDAL can read");
    expect_refused(folder_.path().string(), Errc::not_found, "has no raster in it");
}

TEST_F(PackBadInput, refuses_a_raster_without_georeferencing) {
    Raster raster;
    raster.box.reset();

    expect_refused(write_tiff(folder_ / "a.tif", raster), Errc::unsupported, "no georeferencing");
}

TEST_F(PackBadInput, refuses_a_crs_that_is_missing_local_or_of_another_body) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "no CRS"},
        {R"(LOCAL_CS["site",UNIT["metre",1]])", "local"},
        {"+proj=eqc +R=3396190 +units=m +no_defs", "not of the Earth"},
        {"+proj=longlat +R=1737400 +no_defs", "not of the Earth"},
    };
    for (const auto& [srs, cause] : cases) {
        Raster raster;
        raster.srs = srs;
        expect_refused(write_tiff(folder_ / "a.tif", raster), Errc::unsupported, cause);
    }
    if (const auto mars = shared_data("raster/hirise_mars_cog.tif")) {
        expect_refused(mars->string(), Errc::unsupported, "not of the Earth");
    }
}

TEST_F(PackBadInput, refuses_a_source_outside_the_grid) {
    Raster raster;
    raster.box = Box{3e7, 0, 3.1e7, 1e6};

    expect_refused(write_tiff(folder_ / "a.tif", raster), Errc::unsupported, "outside the grid");
}

TEST_F(PackBadInput, names_the_pixels_of_a_block_that_cannot_be_read) {
    Raster raster;
    raster.width = raster.height = 1024;
    raster.options = {"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "COMPRESS=DEFLATE"};
    raster.value = [](int x, int y, int band) { return (x * 31 + y * 17 + x * y * band) % 256; };
    const auto source = write_tiff(folder_ / "a.tif", raster);
    const auto middle = std::filesystem::file_size(source) / 2;
    std::fstream file{source, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(middle));
    file << std::string(4096, 'x');
    file.close();

    expect_refused(source, Errc::corrupt, "cannot be read at pixels");
}

TEST_F(PackBadInput, refuses_an_image_that_ends_early) {
    const auto whole = write_tiff(folder_ / "whole.tif", raster_on({4, 8, 7, 9, 8}));
    for (const char* const format : {"JPEG", "PNG", "BMP", "WEBP", "GTiff"}) {
        SCOPED_TRACE(format);
        const auto source = (folder_ / format).string();
        ASSERT_EQ(run({"gdal_translate", "-q", "-of", format, whole, source}).exit_code, 0);
        std::filesystem::resize_file(source, std::filesystem::file_size(source) * 2 / 3);

        EXPECT_ANY_THROW(pack_quietly(options(source)));
        EXPECT_THAT(names_below(outputs_.path()), IsEmpty());
    }
}

TEST_F(PackBadInput, refuses_the_sample_when_its_download_was_cut) {
    const std::filesystem::path sample = OFFGRID_SOURCE_DIR "/examples/data/earth-blue-marble.jpg";
    write_file(folder_ / "cut.jpg", read_text(sample).substr(0, 300'000));
    write_file(folder_ / "cut.jpg.aux.xml", read_text(sample.string() + ".aux.xml"));

    expect_refused((folder_ / "cut.jpg").string(), Errc::corrupt, "cannot be read at pixels");
}

TEST_F(PackBadInput, refuses_a_source_that_shows_nothing) {
    Raster raster;
    raster.nodata = 5;
    raster.value = [](int, int, int) { return 5; };
    const auto source = write_tiff(folder_ / "a.tif", raster);

    EXPECT_THAT([&] { pack_quietly(options(source)); },
                throws(Errc::unsupported, HasSubstr("transparent")));
    EXPECT_THAT(names_below(outputs_.path()), IsEmpty());
}

TEST_F(PackBadInput, names_the_option_that_is_wrong) {
    const auto source = write_tiff(folder_ / "a.tif", {});
    struct Case {
        std::function<void(PackOptions&)> change;
        const char* cause;
    };
    const Case cases[] = {
        {[](auto& o) {
             o.zooms = {0, 31};
         },
         "deepest zoom is 30"},
        {[](auto& o) {
             o.zooms = {5, 2};
         },
         "--zoom 5-2"},
        {[](auto& o) {
             o.zooms = {-1, 2};
         },
         "--zoom -1-2"},
        {[](auto& o) {
             o.zooms = {0, 5}, o.top = 6;
         },
         "--top 6"},
        {[](auto& o) { o.quality = 0; }, "--quality 0"},
        {[](auto& o) { o.quality = 101; }, "--quality 101"},
        {[](auto& o) { o.top = -1; }, "--top -1: must be from 0 to the deepest zoom"},
        {[](auto& o) { o.threads = -1; }, "--threads -1"},
        {[](auto& o) { o.threads = 0; }, "--threads 0"},
        {[](auto& o) { o.threads = 257; }, "--threads 257"},
        {[](auto& o) { o.layer = "a/b"; }, "'a/b' cannot be the name of a layer"},
        {[](auto& o) {
             o.bbox = Box{50, 50, 60, 60};
         },
         "--bbox: no source lies there"},
        {[](auto& o) {
             o.bbox = Box{2, 2, 1, 1};
         },
         "--bbox"},
        {[](auto& o) { o.sources.clear(); }, "no source"},
    };
    for (const auto& [change, cause] : cases) {
        auto wrong = options(source);
        change(wrong);
        EXPECT_THAT([&] { pack_quietly(wrong); }, throws(Errc::invalid_argument, HasSubstr(cause)));
    }
    EXPECT_THAT(names_below(outputs_.path()), IsEmpty());
}

TEST_F(PackBadInput, leaves_an_existing_output_alone) {
    const auto source = write_tiff(folder_ / "a.tif", {});
    write_file(outputs_ / "out", "precious");

    EXPECT_THAT([&] { pack_quietly(options(source)); },
                throws(Errc::already_exists, AllOf(HasSubstr("out"), HasSubstr("--overwrite"))));

    EXPECT_EQ(read_text(outputs_ / "out"), "precious");
}

TEST_F(PackBadInput, notices_an_existing_output_before_it_looks_at_the_sources) {
    write_file(outputs_ / "out", "precious");

    EXPECT_THAT([&] { pack_quietly(options("none.tif")); }, throws(Errc::already_exists, _));
}

TEST_F(PackBadInput, stops_while_it_looks_at_the_sources) {
    Raster raster;
    raster.type = GDT_UInt16;
    const auto source = write_tiff(folder_ / "a.tif", raster);
    const std::atomic<bool> is_stopped{true};

    EXPECT_THAT(
        [&] { pack(options("none.tif"), {.files = posix_file_ops(), .is_stopped = is_stopped}); },
        throws(Errc::interrupted, _));
    EXPECT_THAT(
        [&] {
            const auto dataset = gdal::open(source);
            gdal::sample_values(*dataset, gdal::plan_bands(*dataset, source), source, 1024,
                                is_stopped);
        },
        throws(Errc::interrupted, _));
}

TEST_F(PackBadInput, leaves_nothing_or_what_it_says_when_any_step_on_the_disk_fails) {
    const auto source = write_tiff(folder_ / "a.tif", {});
    const std::atomic<bool> is_stopped{false};
    int failing_step = 0;
    for (bool is_done = false; !is_done;) {
        ++failing_step;
        bool is_full = false;
        FaultyFileOps files{[&](FaultyFileOps::When when, int step, std::string_view name) {
            if (when == FaultyFileOps::When::before && step >= failing_step &&
                name.find("remove") != 0) {
                is_full = true;
                throw Error{Errc::no_space, "disk full"};
            }
        }};
        try {
            pack(options(source), {.files = files, .is_stopped = is_stopped});
            is_done = true;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Errc::no_space) << error.what();
            const bool is_kept = std::filesystem::exists(outputs_ / ".out.partial");
            const std::string message = error.what();
            EXPECT_EQ(is_kept, message.find("--resume") != std::string::npos)
                << failing_step << ": " << message;
            if (is_kept) {
                auto resumed = options(source);
                resumed.resume = Resume::yes;
                pack_quietly(resumed);
            }
            // The last step makes the name durable: what is there is complete.
            std::filesystem::remove_all(outputs_ / "out");
            EXPECT_THAT(names_below(outputs_.path()), IsEmpty()) << failing_step;
        }
        EXPECT_NE(is_full, is_done);
        ASSERT_LT(failing_step, 1000);
    }
    EXPECT_GT(failing_step, 5);
}

TEST_F(PackBadInput, says_that_a_file_cannot_grow) {
    const auto source = write_tiff(folder_ / "a.tif", raster_on({10, 512, 508, 520, 512}));
    const auto out = (outputs_ / "out").string();

    const auto result =
        run({"bash", "-c", "ulimit -f 20; exec \"$@\"", "bash", program("offgrid-pack"), "pack",
             source, "-o", out, "--format", "png", "--top", "0"});

    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, AllOf(HasSubstr("offgrid-pack: "), HasSubstr("z0-0-0.mbtiles")));
    EXPECT_THAT(names_below(outputs_.path()), IsEmpty());
}

TEST_F(PackBadInput, does_not_call_a_source_corrupt_when_memory_is_missing) {
    const gdal::Messages messages;
    CPLError(CE_Failure, CPLE_OutOfMemory, "cannot allocate 8 bytes");

    EXPECT_EQ(messages.error(Errc::corrupt, "a.tif").code(), Errc::too_large);
}

TEST_F(PackBadInput, says_that_a_thread_cannot_start) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "AddressSanitizer reserves more addresses than the limit";
#endif
    const auto source = write_tiff(folder_ / "a.tif", {});
    const auto out = (outputs_ / "out").string();

    // A stack takes 64 MiB of addresses, and there are not enough for so many.
    const auto result =
        run({"bash", "-c", "ulimit -s 65536; ulimit -v 4000000; exec \"$@\"", "bash",
             program("offgrid-pack"), "pack", source, "-o", out, "--threads", "200"});

    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, AllOf(HasSubstr("offgrid-pack: cannot start thread"),
                                  HasSubstr("Resource temporarily unavailable")));
    EXPECT_THAT(names_below(outputs_.path()), IsEmpty());
}

TEST_F(PackBadInput, stops_at_a_signal_with_code_130_and_leaves_nothing) {
    Raster raster;
    raster.width = raster.height = 512;
    const auto source = write_tiff(folder_ / "a.tif", raster);
    const auto out = (outputs_ / "out").string();

    Process process{
        {program("offgrid-pack"), "pack", source, "-o", out, "--zoom", "0-20", "--format", "png"}};
    while (names_below(outputs_.path()).size() < 2 && process.is_running()) {
        std::this_thread::yield();
    }

    EXPECT_EQ(process.stop(SIGINT), 130);
    EXPECT_THAT(process.output(), HasSubstr("interrupted"));
    EXPECT_THAT(names_below(outputs_.path()), IsEmpty());
}

TEST_F(PackBadInput, prints_one_line_and_exits_with_1_or_2) {
    const auto missing =
        run({program("offgrid-pack"), "pack", "none.tif", "-o", (outputs_ / "out").string()});
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_EQ(missing.out, "");
    EXPECT_EQ(missing.err, "offgrid-pack: none.tif: no such file\n");

    const auto wrong = run({program("offgrid-pack"), "pack", "none.tif"});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_THAT(wrong.err, HasSubstr("--output is required"));
}

}  // namespace
}  // namespace offgrid::test
