#include "pack/source_words.h"

#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <fstream>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

TEST(SourceWords, tell_stores_from_what_gdal_opens) {
    const TempFolder folder;
    std::ofstream{folder / "a.xml"} << "<?xml version='1.0'?>\n<mapcache/>";
    std::ofstream{folder / "wms.xml"} << "<GDAL_WMS><Service/></GDAL_WMS>";
    std::ofstream{folder / "a.gpkg"} << "a file";

    for (const auto& word :
         {std::string{"https://host/{z}/{x}/{y}.png"}, std::string{"tiles/{z}/{x}/{-y}.jpg"},
          std::string{"m.xml#t"}, (folder / "a.xml").string(), (folder / "a.gpkg").string(),
          (folder / "a.gpkg").string() + "#t"}) {
        EXPECT_TRUE(names_store(word)) << word;
    }
    for (const auto& word :
         {std::string{"a.tif"}, (folder / "wms.xml").string(), folder.path().string(),
          std::string{"WMTS:http://host/wmts?layer=a"}, (folder / "missing.mbtiles").string(),
          std::string{"<GDAL_WMS><ServerUrl>http://h/${z}/${x}/${y}.png</ServerUrl></GDAL_WMS>"}}) {
        EXPECT_FALSE(names_store(word)) << word;
    }
}

TEST(SourceWords, mean_the_same_in_any_folder) {
    EXPECT_EQ(absolute_name("tiles/{z}/{x}/{y}.png"),
              (fs::current_path() / "tiles/{z}/{x}/{y}.png").string());
    EXPECT_EQ(absolute_name("https://host/{z}/{x}/{y}.png"), "https://host/{z}/{x}/{y}.png");
    EXPECT_EQ(absolute_name("WMS:http://host/"), "WMS:http://host/");
}

TEST(SourceWords, have_a_file_behind_them_that_changes_with_the_source) {
    const TempFolder folder;
    std::ofstream{folder / "manifest.json"} << "{}";

    EXPECT_EQ(file_behind(folder.path().string()), folder / "manifest.json");
    EXPECT_EQ(file_behind("a/mapcache.xml#map"), "a/mapcache.xml");
    EXPECT_EQ(file_behind("a/b.gpkg#tiles"), "a/b.gpkg");
    EXPECT_EQ(file_behind("a/b.mbtiles"), "a/b.mbtiles");
}

}  // namespace
}  // namespace offgrid::test
