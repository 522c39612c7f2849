#include "serve/answer_rules.h"

#include "formats/base/gzip.h"
#include "formats/tile/tile_format.h"
#include "serve/router.h"
#include "tests/serve/layers_of.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string vector_tile(3000, 'v');

/// A router with these options over a layer of PNG tiles, and one of gzip vector tiles.
struct Ruled {
    explicit Ruled(AnswerOptions options = {})
        : router{layers,
                 [this](std::string_view line) { log.emplace_back(line); },
                 {.answers = std::move(options)}} {}

    static std::unique_ptr<const LayerSet> two_layers() {
        std::vector<Layer> layers;
        layers.push_back(drawn_layer("kenya", "z0: a\nz1: a . / . ."));
        layers.push_back(layer_with("roads", {.format = TileFormat::pbf, .max_zoom = 2},
                                    [](const TileKey& key) -> std::optional<Tile> {
                                        if (key.z == 2) {
                                            return std::nullopt;
                                        }
                                        return Tile{key.z == 0 ? gzipped(as_bytes(vector_tile), 6)
                                                               : gzipped(Bytes(20 << 20, 0), 6)};
                                    }));
        return std::make_unique<const LayerSet>(std::move(layers));
    }

    Live<LayerSet> layers{two_layers()};
    std::vector<std::string> log;
    Router router;
};

TEST(AnswerRules, sends_a_vector_tile_as_the_client_can_take_it) {
    const Ruled served;
    const auto stored =
        served.router.answer({.path = "/tiles/roads/0/0/0.pbf", .accept_encoding = "gzip, br"});
    EXPECT_EQ(stored.header("Content-Encoding"), "gzip");
    EXPECT_TRUE(is_gzip(stored.content()));
    EXPECT_EQ(stored.header("Vary"), "Accept-Encoding");

    const auto plain =
        served.router.answer({.path = "/tiles/roads/0/0/0.pbf", .accept_encoding = "identity"});
    EXPECT_EQ(plain.header("Content-Encoding"), "");
    EXPECT_EQ(as_text(plain.content()), vector_tile);
    EXPECT_EQ(plain.header("Vary"), "Accept-Encoding");
    EXPECT_NE(plain.header("ETag"), stored.header("ETag"));
}

TEST(AnswerRules, knows_the_copy_of_either_coding_again) {
    const Ruled served;
    for (const auto* coding : {"gzip", "identity"}) {
        const auto etag = std::string{
            served.router.answer({.path = "/tiles/roads/0/0/0.pbf", .accept_encoding = coding})
                .header("ETag")};
        const auto again = [&](std::string_view accepted) {
            return served.router.answer({.path = "/tiles/roads/0/0/0.pbf",
                                         .if_none_match = etag,
                                         .accept_encoding = accepted});
        };
        const bool is_gzip_copy = std::string_view{coding} == "gzip";
        EXPECT_EQ(again("gzip").status, is_gzip_copy ? 304 : 200);
        EXPECT_EQ(again("identity").status, is_gzip_copy ? 200 : 304);
        EXPECT_EQ(again(coding).header("Vary"), "Accept-Encoding");
        EXPECT_EQ(again(coding).content().size() == vector_tile.size(), !is_gzip_copy)
            << "the length that a 304 tells";
    }
}

TEST(AnswerRules, cuts_ranges_out_of_what_is_sent) {
    const Ruled served;
    const auto part = served.router.answer(
        {.path = "/tiles/roads/0/0/0.pbf", .range = "bytes=1-3", .accept_encoding = "identity"});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(as_text(part.content()), "vvv");
    EXPECT_EQ(part.header("Content-Range"), "bytes 1-3/3000");
}

TEST(AnswerRules, answers_500_for_a_bomb_and_logs_it) {
    const Ruled served;
    const auto response =
        served.router.answer({.path = "/tiles/roads/1/0/0.pbf", .accept_encoding = "identity"});
    EXPECT_EQ(response.status, 500);
    EXPECT_LT(response.content().size(), 100U);
    EXPECT_THAT(served.log, testing::ElementsAre(HasSubstr("unpacks to more")));
}

TEST(AnswerRules, lets_the_operator_choose_what_stands_for_an_absent_tile) {
    const auto* const tile = "/tiles/kenya/1/1/1.png";
    EXPECT_EQ(Ruled{}.router.answer({.path = tile}).status, 404);
    EXPECT_EQ(Ruled{{.absent = AbsentTiles::no_content}}.router.answer({.path = tile}).status, 204);

    const Ruled served{{.absent = AbsentTiles::transparent}};
    const auto picture = served.router.answer({.path = tile});
    EXPECT_EQ(picture.status, 200);
    EXPECT_EQ(picture.header("Content-Type"), "image/png");
    EXPECT_EQ(sniff_format(picture.content()), TileFormat::png);
    EXPECT_EQ(served.router.answer({.path = tile, .if_none_match = picture.header("ETag")}).status,
              304);
    EXPECT_EQ(served.router.answer({.path = "/tiles/roads/2/0/0.pbf"}).status, 204);
}

TEST(AnswerRules, leaves_404_what_no_layer_could_have) {
    const Ruled served{{.absent = AbsentTiles::transparent}};
    for (const auto* path : {"/tiles/kenya/7/0/0.png", "/tiles/other/0/0/0.png", "/nothing"}) {
        EXPECT_EQ(served.router.answer({.path = path}).status, 404) << path;
    }
    EXPECT_EQ(served.router.answer({.path = "/tiles/kenya/1/9/9.png"}).status, 400);
}

TEST(AnswerRules, answers_421_to_who_asks_by_another_name) {
    const Ruled served{{.hosts = AllowedHosts{{"maps.local"}}}};
    EXPECT_EQ(served.router.answer({.path = "/layers.json", .host = "maps.local:80"}).status, 200);
    const auto refused = served.router.answer({.path = "/layers.json", .host = "evil.org"});
    EXPECT_EQ(refused.status, 421);
    EXPECT_THAT(std::string{as_text(refused.content())}, HasSubstr("not asked by that name"));
}

TEST(AnswerRules, tells_probes_by_another_name_whether_it_is_well_and_no_more) {
    const Ruled served{{.hosts = AllowedHosts{{"maps.local"}}}};
    const auto health = [&](std::string_view host) {
        return std::string{
            as_text(served.router.answer({.path = "/health", .host = host}).content())};
    };
    EXPECT_EQ(health("10.0.0.7:8080"), R"({"status":"ok"})");
    EXPECT_THAT(health("maps.local"), HasSubstr("quarantined"));
    EXPECT_EQ(served.router.answer({.path = "/ready", .host = "10.0.0.7:8080"}).status, 200);
}

TEST(AnswerRules, answers_preflights_and_refuses_other_methods) {
    const Ruled served;
    const auto preflight = served.router.answer({.method = "OPTIONS",
                                                 .path = "/tiles/kenya/0/0/0.png",
                                                 .origin = "https://a.org",
                                                 .request_method = "GET"});
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(served.router.answer({.method = "OPTIONS", .path = "/"}).status, 405);
}

TEST(AnswerRules, tells_whether_more_requests_are_welcome) {
    HttpStatistics statistics;
    Live<LayerSet> layers{only(drawn_layer("kenya", "z0: a"))};
    const Router router{layers, [](std::string_view) {}, {.http = &statistics}};
    EXPECT_EQ(router.answer({.path = "/ready"}).status, 200);
    statistics.is_draining = true;
    EXPECT_EQ(router.answer({.path = "/ready"}).status, 503);
    statistics.closed_slow_header = 3;
    EXPECT_THAT(std::string{as_text(router.answer({.path = "/metrics"}).content())},
                HasSubstr("offgrid_connections_closed_total{reason=\"header\"} 3\n"));
}

}  // namespace
}  // namespace offgrid::test
