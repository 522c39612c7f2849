#include "sync/rest/mass_truncate.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"
#include "tests/sync/rest_desk.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using testing::HasSubstr;

constexpr const char* parameters =
    "<parameters><entry><string>testKey</string><string>testValue1</string></entry></parameters>";

/// A layer as GeoWebCache's plugin keeps its tiles, one set of them for parameters.
Manifest gwc_layout(const std::string& parameters_id) {
    auto layout = manual_layout();
    layout.pyramids[0].names =
        "topp_states/EPSG_4326image_png" + parameters_id + "/{z}_{x}_{y}.sqlite";
    return layout;
}

class MassTruncateTest : public testing::Test {
protected:
    Reply truncate(const std::string& body, const std::string& content_type = "text/xml") {
        return desk_->ask("POST", "/rest/masstruncate", body, content_type);
    }

    std::string states() { return desk_->words("topp:states@EPSG:4326@png", 1, 4, 2); }

    TempFolder folder_;
    std::unique_ptr<RestDesk> desk_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top z1: a b / c d");
        install(folder_ / "depot", "topp:states@EPSG:4326@png", "z1: a b c d / e f g h",
                gwc_layout("null"));
        install(folder_ / "depot", "topp:states@EPSG:4326@jpeg", "z1: a b c d / e f g h",
                gwc_layout("ca2fec9f14c6799913f71bce68e009509478e0f9"));
        return std::make_unique<RestDesk>(folder_.path());
    }();
};

// RS-06
TEST_F(MassTruncateTest, lists_its_types_and_truncates_a_layer_again_and_again) {
    const auto types = desk_->ask("GET", "/masstruncate");
    EXPECT_EQ(types.status, 200);
    EXPECT_THAT(types.body, HasSubstr("truncateLayer"));

    EXPECT_EQ(truncate("<truncateLayer><layerName>kenya</layerName></truncateLayer>").status, 200);
    EXPECT_EQ(desk_->words("kenya", 1, 2, 2), ". . / . .");
    EXPECT_EQ(truncate("<truncateLayer><layerName>kenya</layerName></truncateLayer>").status, 200);

    const auto unknown = truncate("<truncateLayer><layerName>x</layerName></truncateLayer>");
    EXPECT_EQ(unknown.status, 400);
    EXPECT_THAT(unknown.body, HasSubstr("Could not find layer x"));
    EXPECT_EQ(desk_->ask("PUT", "/masstruncate").status, 405);
    EXPECT_EQ(desk_->ask("DELETE", "/masstruncate").status, 405);
}

// TR-11
TEST_F(MassTruncateTest, really_removes_tiles_of_grid_sets_with_a_colon) {
    const auto reply =
        truncate("<truncateLayer><layerName>topp:states</layerName></truncateLayer>");

    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(states(), ". . . . / . . . .");
    EXPECT_EQ(desk_->word("kenya", {0, 0, 0}), "top");
}

// RS-07
TEST_F(MassTruncateTest, takes_any_sensible_content_type) {
    for (const auto* const type :
         {"", "text/xml", "application/xml", "text/xml;charset=utf-8", "json", "application/json",
          "application/json; charset=UTF-8", "application/x-www-form-urlencoded"}) {
        EXPECT_EQ(
            truncate("<truncateLayer><layerName>kenya</layerName></truncateLayer>", type).status,
            200)
            << type;
        EXPECT_EQ(truncate(R"({"truncateLayer": {"layerName": "kenya"}})", type).status, 200)
            << type;
    }
    const auto refused =
        truncate("<truncateLayer><layerName>kenya</layerName></truncateLayer>", "image/png");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("Format extension unknown or not specified: image/png"));
}

// RS-08
TEST_F(MassTruncateTest, has_nothing_to_do_for_parameters_without_tiles) {
    const auto reply = truncate("<truncateParameters><layerName>kenya</layerName>" +
                                std::string{parameters} + "</truncateParameters>");

    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(desk_->words("kenya", 1, 2, 2), "a b / c d");
}

TEST_F(MassTruncateTest, truncates_the_tiles_of_some_parameters) {
    truncate("<truncateParameters><layerName>topp:states</layerName>" + std::string{parameters} +
             "</truncateParameters>");

    EXPECT_EQ(desk_->words("topp:states@EPSG:4326@jpeg", 1, 4, 2), ". . . . / . . . .");
    EXPECT_EQ(states(), "a b c d / e f g h");
}

TEST_F(MassTruncateTest, finds_no_orphans) {
    EXPECT_EQ(
        truncate("<truncateOrphans><layerName>topp:states</layerName></truncateOrphans>").status,
        200);
    EXPECT_EQ(states(), "a b c d / e f g h");
}

TEST_F(MassTruncateTest, truncates_an_extent_in_one_grid_set) {
    const auto reply = truncate(
        "<truncateExtent><layerName>topp:states</layerName><gridSetId>EPSG:4326</gridSetId>"
        "<bounds><coords><double>-180</double><double>0</double><double>0</double>"
        "<double>90</double></coords></bounds></truncateExtent>");

    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(states(), ". . c d / e f g h");
}

TEST_F(MassTruncateTest, truncates_all_layers_in_one_generation_for_an_admin) {
    const Identity ann{.name = "ann", .role = Role::publisher, .layers = {}};
    const auto before = desk_->depot().current_number();

    EXPECT_EQ(desk_->ask("POST", "/masstruncate", "<truncateAll></truncateAll>", "", ann).status,
              403);
    EXPECT_EQ(truncate("<truncateAll></truncateAll>").status, 200);

    EXPECT_EQ(states(), ". . . . / . . . .");
    EXPECT_EQ(desk_->word("kenya", {0, 0, 0}), "(absent)");
    EXPECT_EQ(desk_->depot().current_number(), before + 1);
}

TEST_F(MassTruncateTest, lets_publishers_only_at_their_layers) {
    const Identity ann{.name = "ann", .role = Role::publisher, .layers = {"topp:states"}};

    EXPECT_EQ(desk_
                  ->ask("POST", "/masstruncate",
                        "<truncateLayer><layerName>kenya</layerName></truncateLayer>", "", ann)
                  .status,
              403);
}

TEST(MassTruncate, that_is_wrong_is_refused_naming_why) {
    const std::pair<std::string, std::string> wrong[] = {
        {"", "neither XML nor JSON"},
        {"layerName=kenya", "neither XML nor JSON"},
        {"<truncateEverything/>", "not one of truncateLayer"},
        {"<truncateLayer/>", "'layerName' is missing"},
        {R"({"truncateLayer": 3})", "'layerName' is missing"},
        {R"({"truncateLayer": {}, "truncateAll": {}})", "not one of"},
        {"<truncateExtent><layerName>a</layerName></truncateExtent>", "'gridSetId' or 'bounds'"},
        {"<truncateExtent><layerName>a</layerName><gridSetId>b</gridSetId><bounds>1</bounds>"
         "</truncateExtent>",
         "'bounds' are not"},
        {"<truncateParameters><layerName>a</layerName><parameters><entry>1</entry></parameters>"
         "</truncateParameters>",
         "'parameters' has an entry"},
    };
    for (const auto& [body, message] : wrong) {
        EXPECT_THAT([&] { parse_mass_truncate(body); },
                    throws(Errc::invalid_argument, HasSubstr(message)))
            << body;
    }
}

}  // namespace
}  // namespace offgrid::test
