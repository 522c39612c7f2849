#include "pack/source_names.h"

#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace fs = std::filesystem;

class FindSources : public testing::Test {
protected:
    /// A small raster; the folder it lies in is made.
    std::string raster(const std::string& name) const {
        const auto path = folder_ / name;
        fs::create_directories(path.parent_path());
        Raster raster;
        raster.width = raster.height = 64;
        return write_tiff(path, raster);
    }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    /// The sources that words within the folder name.
    SourceNames find(const std::vector<std::string>& words) const {
        std::vector<std::string> paths;
        for (const auto& word : words) {
            paths.push_back(path(word));
        }
        return find_sources(paths, folder_ / "out", is_stopped_);
    }

    TempFolder folder_;
    std::atomic<bool> is_stopped_{false};
};

TEST_F(FindSources, leaves_names_of_files_and_of_GDAL_as_they_are) {
    const std::vector<std::string> words{
        raster("b.tif"),          raster("a.tif"),
        path("none.tif"),         "NETCDF:\"*.nc\":red",
        "/vsizip/a[1].zip/b.tif", "https://example.org/{z}/{x}/{y}.png?key=1",
        "<GDAL_WMS>*</GDAL_WMS>"};

    const auto found = find_sources(words, folder_ / "out", is_stopped_);

    EXPECT_EQ(found.names, words);
    EXPECT_THAT(found.notes, IsEmpty());
}

TEST_F(FindSources, takes_a_folder_for_the_rasters_in_it_by_name) {
    const auto b = raster("in/b.tif");
    const auto a = raster("in/a/z.tif");
    const auto last = raster("in/c/d/a.tif");

    const auto found = find({"in"});

    EXPECT_THAT(found.names, ElementsAre(a, b, last));
    EXPECT_THAT(found.notes, IsEmpty());
}

TEST_F(FindSources, leaves_out_sidecars_and_what_is_hidden) {
    const auto a = raster("in/a.tif");
    raster("in/.b.tif");
    raster("in/.out.partial/b.tif");
    fs::rename(raster("in/b.tif"), path("in/a.tif.ovr"));
    fs::rename(raster("in/b.tif"), path("in/a.tif.MSK"));
    for (const char* const name : {"a.tif.aux.xml", "a.tfw", "a.prj"}) {
        write_file(folder_ / ("in/" + std::string{name}), "text");
    }

    const auto found = find({"in"});

    EXPECT_THAT(found.names, ElementsAre(a));
    EXPECT_THAT(found.notes, IsEmpty());
}

TEST_F(FindSources, tells_what_it_leaves_out_since_GDAL_cannot_open_it) {
    const auto a = raster("in/a.tif");
    for (const char* const name : {"b.txt", "c.txt", "d/e.txt", "f.txt", "g.txt"}) {
        const auto file = folder_ / ("in/" + std::string{name});
        fs::create_directories(file.parent_path());
        write_file(file, "text");
    }

    const auto found = find({"in"});

    EXPECT_THAT(found.names, ElementsAre(a));
    EXPECT_THAT(found.notes, ElementsAre(AllOf(HasSubstr(path("in")),
                                               HasSubstr("b.txt, c.txt, d/e.txt and 2 more"))));
}

TEST_F(FindSources, names_the_folder_that_has_no_raster) {
    fs::create_directories(folder_ / "in/empty");
    write_file(folder_ / "in/a.txt", "text");

    EXPECT_THAT([&] { find({"in"}); },
                throws(Errc::not_found, HasSubstr(path("in") + ": has no raster")));
}

TEST_F(FindSources, takes_a_folder_that_is_one_raster_for_one) {
    const auto a = raster("a.tif");
    fs::create_directories(folder_ / "in");
    ASSERT_EQ(run({"gdal_translate", "-q", "-of", "Zarr", a, path("in/b.zarr")}).exit_code, 0);

    EXPECT_THAT(find({"in/b.zarr"}).names, ElementsAre(path("in/b.zarr")));
    EXPECT_THAT(find({"in"}).names, ElementsAre(path("in/b.zarr")));
}

TEST_F(FindSources, takes_a_package_for_one_source_and_leaves_it_out_of_a_folder) {
    const auto a = raster("in/a.tif");
    pack_quietly({.sources = {a}, .output = folder_ / "in/package"});
    pack_quietly({.sources = {a}, .output = folder_ / "out"});

    EXPECT_THAT(find({"in/package"}).names, ElementsAre(path("in/package")));
    const auto found = find({"in"});
    EXPECT_THAT(found.names, ElementsAre(a));
    EXPECT_THAT(found.notes, ElementsAre(HasSubstr("in/package: is a package")));
}

TEST_F(FindSources, leaves_the_output_out_of_its_own_sources) {
    const auto a = raster("in/a.tif");
    const auto out = raster("in/out.tif");

    EXPECT_THAT(find_sources({path("in")}, out, is_stopped_).names, ElementsAre(a));
    EXPECT_THAT(find_sources({path("in/*.tif")}, out, is_stopped_).names, ElementsAre(a));
}

TEST_F(FindSources, follows_links_to_rasters_but_to_no_folders) {
    const auto a = raster("elsewhere/a.tif");
    const auto b = raster("in/b.tif");
    fs::create_symlink(a, folder_ / "in/a.tif");
    fs::create_directory_symlink(folder_ / "elsewhere", folder_ / "in/link");

    const auto found = find({"in"});

    EXPECT_THAT(found.names, ElementsAre(path("in/a.tif"), b));
    EXPECT_THAT(found.notes, ElementsAre(HasSubstr("in/link: is a link to a folder")));
    EXPECT_THAT(find({"in/link"}).names, ElementsAre(path("in/link/a.tif")));
}

TEST_F(FindSources, takes_a_pattern_for_what_matches_it_by_name) {
    const auto a1 = raster("in/a1.tif");
    const auto a2 = raster("in/a2.tif");
    const auto b = raster("in/b.tif");
    const auto deep = raster("in/x/y/a3.tif");
    write_file(folder_ / "in/a1.txt", "text");

    EXPECT_THAT(find({"in/*.tif"}).names, ElementsAre(a1, a2, b));
    EXPECT_THAT(find({"in/a?.tif"}).names, ElementsAre(a1, a2));
    EXPECT_THAT(find({"i[mn]/a[!1].tif"}).names, ElementsAre(a2));
    EXPECT_THAT(find({"in/**/a*.tif"}).names, ElementsAre(a1, a2, deep));
    EXPECT_THAT(find({"in/*/y"}).names, ElementsAre(deep));
    EXPECT_THAT(find({"in/x/**"}).names, ElementsAre(deep));
    EXPECT_THAT(find({"in/b.tif", "in/a*.tif"}).names, ElementsAre(b, a1, a2));
}

TEST_F(FindSources, takes_patterns_below_the_current_folder) {
    raster("in/a.tif");
    raster("in/b.tif");
    raster("map.tif");

    const auto result = run({program("offgrid-pack"), "pack", "in/[b-z].tif", "*.tif", "-o", "out"},
                            {.input = {}, .cwd = folder_.path(), .environment = {}});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(read_text(folder_ / "out/manifest.json"), Not(IsEmpty()));
}

TEST_F(FindSources, takes_a_file_whose_name_looks_like_a_pattern_for_itself) {
    raster("a1.tif");
    const auto odd = raster("a[1].tif");

    EXPECT_THAT(find({"a[1].tif"}).names, ElementsAre(odd));
}

TEST_F(FindSources, names_the_pattern_that_nothing_matches) {
    EXPECT_THAT([&] { find({"in/*.tif"}); }, throws(Errc::not_found, HasSubstr(path("in/*.tif"))));
}

TEST_F(FindSources, stops_when_asked_to) {
    raster("in/a.tif");
    is_stopped_ = true;

    EXPECT_THAT([&] { find({"in"}); }, throws(Errc::interrupted, HasSubstr("interrupted")));
}

TEST_F(FindSources, gives_a_pack_the_sources_of_a_folder_whatever_order_they_were_made_in) {
    Raster above = raster_on({4, 8, 7, 9, 8});
    above.value = [](int, int, int) { return 200; };
    Raster below = above;
    below.value = [](int, int, int) { return 10; };
    fs::create_directories(folder_ / "in");
    write_tiff(folder_ / "in/b.tif", above);
    write_tiff(folder_ / "in/a.tif", below);

    pack_quietly({.sources = {path("in")}, .output = folder_ / "out", .encoding = Encoding::png});

    EXPECT_EQ(pixel_at(PackedTiles{folder_ / "out"}.image({4, 8, 7}), 9, 9),
              (Pixel{200, 200, 200, 255}));
}

}  // namespace
}  // namespace offgrid::test
