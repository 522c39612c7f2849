#include "pack/gdal_time.h"

#include "tests/pack/rasters.h"

#include <gmock/gmock.h>

#include <chrono>

namespace offgrid::test {
namespace {

TEST(SourceTime, is_read_as_metadata_write_it) {
    const std::int64_t morning = 1'531'721'183;  // 2018-07-16 06:06:23 UTC
    EXPECT_EQ(gdal::parse_time("2018:07:16 06:06:23"), morning);
    EXPECT_EQ(gdal::parse_time("2018-07-16T06:06:23.024Z"), morning);
    EXPECT_EQ(gdal::parse_time("20180716060623"), morning);
    EXPECT_EQ(gdal::parse_time("2018-07-16"), 1'531'699'200);
    EXPECT_EQ(gdal::parse_time("20180716"), 1'531'699'200);
    EXPECT_EQ(gdal::parse_time("1960/01/01"), -315'619'200);
    for (const char* const text : {"", "yesterday", "2018", "2018:13:01", "0000:00:00 00:00:00",
                                   "2018-02-30", "16.07.2018"}) {
        EXPECT_EQ(gdal::parse_time(text), std::nullopt) << text;
    }
}

TEST(SourceTime, is_that_of_the_picture_then_that_of_the_metadata_then_that_of_the_file) {
    TempFolder folder;
    const auto source = write_tiff(folder / "a.tif", raster_on({4, 8, 7, 9, 8}));
    const auto time_with = [&](const char* domain, const char* item, const char* value) {
        const gdal::Dataset dataset{
            GetGDALDriverManager()->GetDriverByName("MEM")->Create("", 1, 1, 1, GDT_Byte, nullptr)};
        dataset->SetMetadataItem("TIFFTAG_DATETIME", "2020:01:01 00:00:00");
        dataset->SetMetadataItem(item, value, domain);
        return gdal::time_of(*dataset, source);
    };
    const std::chrono::sys_time<std::chrono::nanoseconds> day{
        std::chrono::sys_days{std::chrono::year{2022} / std::chrono::March / 4}};
    std::filesystem::last_write_time(source, std::chrono::file_clock::from_sys(day));

    EXPECT_EQ(gdal::time_of(*gdal::open(source), source), 1'646'352'000);
    EXPECT_EQ(time_with("", "SOMETHING", ""), 1'577'836'800);
    EXPECT_EQ(time_with("IMAGERY", "ACQUISITIONDATETIME", "2019-01-01 00:00:00"), 1'546'300'800);
    EXPECT_EQ(time_with("", "DATE_ACQUIRED", "2019-01-01"), 1'546'300'800);
    EXPECT_EQ(time_with("", "DATE_ACQUIRED", "unknown"), 1'577'836'800);
}

}  // namespace
}  // namespace offgrid::test
