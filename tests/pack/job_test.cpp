#include "pack/job.h"

#include "pack/command_line.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <set>

namespace offgrid::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

/// A member, and options that need it to be said.
struct Case {
    std::string member;
    PackOptions options;
};

std::vector<Case> one_case_a_member() {
    const std::vector<std::string> sources{"/a.tif", "WMS:http://x/"};
    const auto with = [&](const std::function<void(PackOptions&)>& change) {
        PackOptions options{.sources = sources};
        change(options);
        return options;
    };
    return {
        {"sources", with([](PackOptions&) {})},
        {"order", with([](PackOptions& options) { options.order = SourceOrder::newest; })},
        {"bands", with([](PackOptions& options) {
             options.bands.bands = {4, 3, 2};
         })},
        {"stretch",
         with([](PackOptions& options) { options.bands.stretch = parse_stretch("0,3000"); })},
        {"nodata",
         with([](PackOptions& options) { options.bands.nodata = parse_nodata("0,255,7"); })},
        {"rate-limit", with([](PackOptions& options) { options.online.rate_limit = 2.5; })},
        {"retries", with([](PackOptions& options) { options.online.retries = 7; })},
        {"connections", with([](PackOptions& options) { options.online.connections = 4; })},
        {"layer", with([](PackOptions& options) { options.layer = "kenya"; })},
        {"attribution", with([](PackOptions& options) { options.attribution = "© \"me\""; })},
        {"grid", with([](PackOptions& options) { options.grid = "WGS84"; })},
        {"resampling", with([](PackOptions& options) { options.resampling = Resampling::mode; })},
        {"gamma", with([](PackOptions& options) { options.light = Light::linear; })},
        {"keep-empty", with([](PackOptions& options) { options.keeps_empty = true; })},
        {"zoom", with([](PackOptions& options) {
             options.zooms = std::pair{2, 12};
         })},
        {"top", with([](PackOptions& options) { options.top = 6; })},
        {"format", with([](PackOptions& options) { options.encoding = Encoding::webp_lossless; })},
        {"quality", with([](PackOptions& options) { options.quality = 60; })},
        {"bbox", with([](PackOptions& options) {
             options.bbox = Box{33.5, -5, 42, 5.25};
         })},
        {"regions", with([](PackOptions& options) {
             options.regions = {{.file = "/towns.geojson", .max_zoom = 17},
                                {.file = "/country.geojson", .max_zoom = std::nullopt}};
         })},
        {"buffer", with([](PackOptions& options) { options.buffer_m = 0.1; })},
        {"overview", with([](PackOptions& options) { options.overview = 6; })},
        {"clip", with([](PackOptions& options) { options.is_clipped = true; })},
    };
}

TEST(Job, has_a_member_for_each_option_and_says_the_same_in_json_and_back) {
    for (const auto& [member, options] : one_case_a_member()) {
        const auto text = to_json(options);

        EXPECT_TRUE(json::parse(text).contains(member)) << text;
        EXPECT_EQ(parse_job(text), options) << text;
        EXPECT_EQ(to_json(parse_job(text)), text);
    }
}

TEST(Job, is_tested_in_all_its_members) {
    std::set<std::string> tested;
    for (const auto& each : one_case_a_member()) {
        tested.insert(each.member);
    }

    EXPECT_THAT(job_members(), testing::ElementsAreArray(tested));
}

TEST(Job, needs_only_sources) {
    EXPECT_EQ(parse_job(R"({"sources": ["a.tif"]})"), (PackOptions{.sources = {"a.tif"}}));
}

TEST(Job, that_is_wrong_is_refused_naming_the_member) {
    const std::pair<std::string, std::string> wrong[] = {
        {R"("sauces": [])", "'sauces' is unknown; known are attribution, "},
        {R"("sources": [])", "'sources' is not a list of names"},
        {R"("sources": [""])", "'sources' is not a list of names"},
        {R"("sources": "a.tif")", "'sources' is not a list of texts"},
        {R"("sources": ["a\u0000b"])", "'sources' is not a list of texts"},
        {R"("layer": 7)", "'layer' is not a text"},
        {R"("attribution": null)", "'attribution' is not a text"},
        {R"("grid": ["WGS84"])", "'grid' is not a text"},
        {R"("resampling": "cubical")", "'resampling' is not one of average, bilinear, cubic"},
        {R"("gamma": 1)", "'gamma' is not true or false"},
        {R"("keep-empty": "yes")", "'keep-empty' is not true or false"},
        {R"("zoom": 3)", "'zoom' is not a list of numbers"},
        {R"("zoom": [3])", "'zoom' is not [MIN, MAX] from 0 to 30"},
        {R"("zoom": [3, 2])", "'zoom' is not [MIN, MAX]"},
        {R"("zoom": [0, 31])", "'zoom' is not [MIN, MAX]"},
        {R"("zoom": [0, 2.5])", "'zoom' is not a list of numbers"},
        {R"("top": -1)", "'top' is not a whole number from 0 to 30"},
        {R"("top": true)", "'top' is not a whole number"},
        {R"("format": "gif")", "'format' is not one of jpeg, mixed, png, png8, webp"},
        {R"("format": 1)", "'format' is not a text"},
        {R"("quality": 0)", "'quality' is not a whole number from 1 to 100"},
        {R"("quality": 75.5)", "'quality' is not a whole number"},
        {R"("quality": 18446744073709551615)", "'quality' is not a whole number"},
        {R"("bbox": [1, 2, 3])", "'bbox' is not [west, south, east, north]"},
        {R"("bbox": [1, 2, 3, true])", "'bbox' is not a list of numbers"},
        {R"("bbox": [1, 5, 3, 4])", "'bbox' is not [west, south, east, north]"},
        {R"("bbox": [1, 2, 3, 91])", "'bbox' is not [west, south, east, north]"},
        {R"("regions": {"file": "a"})", "'regions' is not a list of objects"},
        {R"("regions": ["a"])", "'regions' is not a list of objects"},
        {R"("regions": [{"zoom": 3}])", "'regions' is not a list of objects with a 'file'"},
        {R"("regions": [{"file": 3}])", "'regions.file' is not a text"},
        {R"("regions": [{"file": "a", "zoom": 99}])", "'regions.zoom' is not a whole number from"},
        {R"("regions": [{"file": "a", "depth": 9}])", "'regions.depth' is unknown"},
        {R"("buffer": "500")", "'buffer' is not a number"},
        {R"("overview": 31)", "'overview' is not a whole number from 0 to 30"},
        {R"("clip": 0)", "'clip' is not true or false"},
        {R"("order": "oldest")", "'order' is not one of"},
        {R"("bands": "4,3,2")", "'bands' is not a list"},
        {R"("stretch": "wide")", "--stretch wide"},
        {R"("nodata": 0)", "'nodata' is not a text"},
        {R"("rate-limit": "fast")", "'rate-limit' is not a number"},
        {R"("retries": 21)", "'retries' is not a whole number from 0 to 20"},
        {R"("connections": 0)", "'connections' is not a whole number from 1 to 64"},
    };
    for (const auto& [member, message] : wrong) {
        const auto text = member.starts_with("\"sources") ? "{" + member + "}"
                                                          : R"({"sources": ["a"], )" + member + "}";
        EXPECT_THAT([&] { parse_job(text); }, throws(Errc::invalid_argument, HasSubstr(message)))
            << text;
    }
}

TEST(Job, that_is_no_object_or_has_no_sources_is_refused) {
    for (const auto* const text : {"", "[]", "7", "{", R"({"sources": ["a"]} x)", "\xff"}) {
        EXPECT_THAT([&] { parse_job(text); },
                    throws(Errc::invalid_argument, HasSubstr("it is no JSON object")))
            << text;
    }
    EXPECT_THAT([&] { parse_job("{}"); },
                throws(Errc::invalid_argument, HasSubstr("'sources' is missing")));
}

/// A job in a file and the program that is given it.
class JobFile : public testing::Test {
protected:
    JobFile() {
        auto raster = raster_on({9, 256, 240, 260, 244});
        raster.bands = 4;
        raster.has_alpha = true;
        raster.value = [](int x, int y, int band) { return band == 4 ? 255 : (x ^ y) % 256; };
        job_["sources"].push_back(write_tiff(folder_ / "a.tif", raster));
        job_["zoom"] = std::vector{7, 9};
    }

    std::string file() const {
        write_file(folder_ / "job.json", job_.dump());
        return folder_ / "job.json";
    }

    RunResult offgrid_pack(std::vector<std::string> words, const std::string& input = {}) const {
        words.insert(words.begin(), program("offgrid-pack"));
        return run(words, {.input = input, .cwd = folder_.path(), .environment = {}});
    }

    json manifest(const std::string& name) const {
        return json::parse(read_text(folder_ / name / "manifest.json"));
    }

    TempFolder folder_;
    json job_;
};

TEST_F(JobFile, packs_what_the_same_words_pack) {
    const std::string source = job_["sources"][0];
    job_.update({{"layer", "map"},
                 {"format", "png"},
                 {"resampling", "nearest"},
                 {"top", 8},
                 {"attribution", "them"}});

    const auto by_job = offgrid_pack({"pack", "--job", file(), "-o", "by_job"});
    const auto by_words = offgrid_pack({"pack", source, "-o", "by_words", "--zoom", "7-9",
                                        "--layer", "map", "--format", "png", "--resampling",
                                        "nearest", "--top", "8", "--attribution", "them"});

    ASSERT_EQ(by_job.exit_code, 0) << by_job.err;
    ASSERT_EQ(by_words.exit_code, 0) << by_words.err;
    EXPECT_TRUE(contents(folder_ / "by_job") == contents(folder_ / "by_words"));
}

TEST_F(JobFile, gives_way_to_the_words_beside_it) {
    job_.update({{"format", "webp"},
                 {"quality", 20},
                 {"layer", "of-job"},
                 {"regions", json::parse(R"([{"file": "nowhere.geojson"}])")}});
    write_file(
        folder_ / "part.geojson",
        R"({"type":"Polygon","coordinates":[[[0.1,9],[0.2,9],[0.2,9.1],[0.1,9.1],[0.1,9]]]})");

    const auto result = offgrid_pack({"pack", "--job", file(), "-o", "out", "--format", "png",
                                      "--zoom", "9", "--region", "part.geojson"});

    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto packed = manifest("out");
    EXPECT_EQ(packed["layer"], "of-job");
    EXPECT_EQ(packed["format"], "png");
    EXPECT_EQ(packed["zooms"], (std::vector{9, 9}));
}

TEST_F(JobFile, comes_from_standard_input_too) {
    const auto result = offgrid_pack({"pack", "--job", "-", "-o", "out", "--json"}, job_.dump());

    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(json::parse(result.out)["zooms"], (std::vector{7, 9}));
    const auto last = result.err.rfind('\n', result.err.size() - 2);
    const auto progress = json::parse(result.err.substr(last == std::string::npos ? 0 : last + 1));
    EXPECT_EQ(progress["share"], 1);
    EXPECT_EQ(progress["tiles_total"], progress["tiles"]);
}

TEST_F(JobFile, is_estimated_without_an_output) {
    const auto result = offgrid_pack({"estimate", "--job", file(), "--zoom", "9", "--json"});

    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(json::parse(result.out)["tiles"], 16);
}

TEST_F(JobFile, is_wrong_use_where_it_is_wrong_or_beside_sources) {
    const auto expect_wrong = [&](const std::vector<std::string>& words, const std::string& cause) {
        const auto result = offgrid_pack(words);
        EXPECT_EQ(result.exit_code, 2) << result.err;
        EXPECT_THAT(result.err, AllOf(HasSubstr("offgrid-pack: "), HasSubstr(cause)));
        EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
    };

    expect_wrong({"pack", "a.tif", "--job", file(), "-o", "out"}, "SRC excludes --job");
    expect_wrong({"pack", "--job", file()}, "--output is required");
    expect_wrong({"pack", "--job", "nowhere.json", "-o", "out"}, "nowhere.json");
    job_["quality"] = 101;
    expect_wrong({"pack", "--job", file(), "-o", "out"}, "job.json: 'quality' is not a whole");
    job_["quality"] = 80;
    job_["clip"] = true;
    expect_wrong({"pack", "--job", file(), "-o", "out"}, "--clip");
}

}  // namespace
}  // namespace offgrid::test
