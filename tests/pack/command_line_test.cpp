#include "pack/command_line.h"

#include "pack/job.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using testing::HasSubstr;

std::variant<PackCommand, CommandLineAnswer> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "offgrid-pack");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

TEST(CommandLine, takes_every_option) {
    const auto parsed = parse({"pack",
                               "a.tif",
                               "b.tif",
                               "-o",
                               "out/",
                               "--layer",
                               "kenya",
                               "--zoom",
                               "2-12",
                               "--top",
                               "6",
                               "--format",
                               "webp",
                               "--quality",
                               "60",
                               "--bbox",
                               "33.5,-5,42,5.25",
                               "--threads",
                               "3",
                               "--attribution",
                               "them",
                               "--overwrite",
                               "--quiet",
                               "--json",
                               "--resampling",
                               "cubic",
                               "--gamma",
                               "--rate-limit",
                               "2.5",
                               "--retries",
                               "7",
                               "--connections",
                               "4"});

    const auto& command = std::get<PackCommand>(parsed);
    EXPECT_THAT(command.pack.sources, testing::ElementsAre("a.tif", "b.tif"));
    EXPECT_EQ(command.pack.output, "out/");
    EXPECT_EQ(command.pack.layer, "kenya");
    EXPECT_EQ(command.pack.zooms, (std::pair{2, 12}));
    EXPECT_EQ(command.pack.top, 6);
    EXPECT_EQ(command.pack.encoding, Encoding::webp);
    EXPECT_EQ(command.pack.quality, 60);
    EXPECT_EQ(command.pack.bbox, (Box{33.5, -5, 42, 5.25}));
    EXPECT_EQ(command.pack.threads, 3);
    EXPECT_EQ(command.pack.attribution, "them");
    EXPECT_EQ(command.pack.overwrite, Overwrite::yes);
    EXPECT_EQ(command.pack.resampling, Resampling::cubic);
    EXPECT_EQ(command.pack.light, Light::linear);
    EXPECT_EQ(command.pack.online,
              (OnlineOptions{.rate_limit = 2.5, .retries = 7, .connections = 4}));
    EXPECT_TRUE(command.is_quiet);
    EXPECT_TRUE(command.is_json);
}

TEST(CommandLine, takes_every_encoding_and_lists_them) {
    const auto help = std::get<CommandLineAnswer>(parse({"pack", "--help"})).text;
    for (const auto& [word, encoding] : encodings()) {
        const auto parsed = parse({"pack", "a.tif", "-o", "out", "--format", word.c_str()});

        EXPECT_EQ(std::get<PackCommand>(parsed).pack.encoding, encoding);
        EXPECT_THAT(help, HasSubstr(word));
    }
}

TEST(CommandLine, takes_what_is_said_of_sources) {
    const auto parsed = parse({"pack", "a.tif", "-o", "out", "--order", "newest", "--bands",
                               "4,3,2", "--stretch", "-5,100", "--nodata", "-9999"});

    const auto& pack = std::get<PackCommand>(parsed).pack;
    EXPECT_EQ(pack.order, SourceOrder::newest);
    EXPECT_EQ(pack.bands, (BandOptions{.bands = {4, 3, 2},
                                       .stretch = parse_stretch("-5,100"),
                                       .nodata = parse_nodata("-9999")}));
}

TEST(CommandLine, takes_a_box_across_the_antimeridian) {
    for (const char* const text : {"170,-5,-170,5", "170,-5,190,5"}) {
        const auto parsed = parse({"pack", "a.tif", "-o", "out", "--bbox", text});

        EXPECT_EQ(std::get<PackCommand>(parsed).pack.bbox, (Box{170, -5, -170, 5}));
        EXPECT_THAT([&] { parse_bbox(text); },
                    test::throws(Errc::invalid_argument, HasSubstr("W,S,180,N")));
    }
}

TEST(CommandLine, leaves_the_rest_to_the_plan) {
    const auto parsed = parse({"pack", "a.tif", "-o", "out"});

    const auto& command = std::get<PackCommand>(parsed);
    EXPECT_EQ(command.pack.zooms, std::nullopt);
    EXPECT_EQ(command.pack.top, std::nullopt);
    EXPECT_EQ(command.pack.encoding, std::nullopt);
    EXPECT_EQ(command.pack.quality, 75);
    EXPECT_EQ(command.pack.overwrite, Overwrite::no);
    EXPECT_EQ(command.pack.resampling, std::nullopt);
    EXPECT_EQ(command.pack.light, Light::encoded);
}

TEST(CommandLine, answers_wrong_use_with_the_option_and_code_2) {
    struct Case {
        std::vector<const char*> words;
        const char* cause;
    };
    const Case cases[] = {
        {{}, "subcommand"},
        {{"pack"}, "SRC is required"},
        {{"pack", "a.tif"}, "--output is required"},
        {{"pack", "a.tif", "-o", "out", "--zoom", "deep"}, "--zoom deep"},
        {{"pack", "a.tif", "-o", "out", "--zoom", "1-"}, "--zoom 1-"},
        {{"pack", "a.tif", "-o", "out", "--zoom", "1-2-3"}, "--zoom 1-2-3"},
        {{"pack", "a.tif", "-o", "out", "--bbox", "1,2,3"}, "--bbox 1,2,3"},
        {{"pack", "a.tif", "-o", "out", "--bbox", "1,2,3,4,5"}, "--bbox 1,2,3,4,5"},
        {{"pack", "a.tif", "-o", "out", "--bbox", "3,2,3,4"}, "--bbox 3,2,3,4"},
        {{"pack", "a.tif", "-o", "out", "--bbox", "-190,2,3,4"}, "--bbox -190,2,3,4"},
        {{"pack", "a.tif", "-o", "out", "--bbox", "-170,2,190,4"}, "--bbox -170,2,190,4"},
        {{"pack", "a.tif", "-o", "out", "--bands", "4,3"}, "--bands 4,3"},
        {{"pack", "a.tif", "-o", "out", "--stretch", "9,0"}, "--stretch 9,0"},
        {{"pack", "a.tif", "-o", "out", "--nodata", "x"}, "--nodata x"},
        {{"pack", "a.tif", "-o", "out", "--order", "oldest"}, "--order"},
        {{"pack", "a.tif", "-o", "out", "--bbox", "10,10,0,0"},
         "the south 10 is above the north 0"},
        {{"pack", "a.tif", "-o", "out", "--bbox", "0,0,1,91"}, "--bbox 0,0,1,91"},
        {{"pack", "a.tif", "-o", "out", "--bbox", "nan,0,1,1"}, "--bbox nan,0,1,1"},
        {{"pack", "a.tif", "-o", "out", "--format", "gif"}, "--format"},
        {{"pack", "a.tif", "-o", "out", "--resampling", "cubical"}, "--resampling"},
        {{"pack", "a.tif", "-o", "out", "--quality", "best"}, "--quality"},
        {{"pack", "a.tif", "-o", "out", "--bbox", "1,2,3,4,"}, "--bbox 1,2,3,4,"},
        {{"pack", "a.tif", "-o", "out", "--bbox", ",1,2,3"}, "--bbox ,1,2,3"},
        {{"pack", "a.tif", "-o", "out", "--top", "high"}, "--top"},
        {{"pack", "a.tif", "-o", "out", "--threads", "99999999999"}, "--threads"},
        {{"pack", "a.tif", "-o", "out", "--nonsense"}, "--nonsense"},
    };
    for (const auto& [words, cause] : cases) {
        const auto parsed = parse(words);
        ASSERT_TRUE(std::holds_alternative<CommandLineAnswer>(parsed)) << cause;
        const auto& answer = std::get<CommandLineAnswer>(parsed);
        EXPECT_EQ(answer.exit_code, 2);
        EXPECT_THAT(answer.text, testing::AllOf(HasSubstr("offgrid-pack: "), HasSubstr(cause)));
        EXPECT_EQ(std::ranges::count(answer.text, '\n'), 1) << answer.text;
    }
}

TEST(CommandLine, answers_help_and_version) {
    const auto help = parse({"pack", "--help"});
    EXPECT_THAT(std::get<CommandLineAnswer>(help).text,
                testing::AllOf(HasSubstr("--bbox"), HasSubstr("--overwrite")));
    for (const auto& words : {std::vector{"--version"}, {"pack", "--version"}}) {
        const auto version = parse(words);
        EXPECT_EQ(std::get<CommandLineAnswer>(version).text, "offgrid " OFFGRID_VERSION "\n");
        EXPECT_EQ(std::get<CommandLineAnswer>(version).exit_code, 0);
    }
}

}  // namespace
}  // namespace offgrid
