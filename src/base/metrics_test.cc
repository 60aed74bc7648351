#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace quantumapi::base {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, WritesCountersAndGaugesSortedByName) {
  Metrics metrics;
  metrics.gauge("b_level", "How high.").set(1.5);
  metrics.counter("a_total", "How many.", {{"route", "x"}}).add(3);
  metrics.counter("a_total", "How many.", {{"route", "a"}}).add();
  metrics.gauge_from("c_now", "Asked.", [] { return 7.0; });
  EXPECT_EQ(metrics.text(),
            "# HELP a_total How many.\n# TYPE a_total counter\n"
            "a_total{route=\"a\"} 1\na_total{route=\"x\"} 3\n"
            "# HELP b_level How high.\n# TYPE b_level gauge\nb_level 1.5\n"
            "# HELP c_now Asked.\n# TYPE c_now gauge\nc_now 7\n");
}

TEST(Metrics, GivesTheSameSeriesForTheSameLabelsInAnyOrder) {
  Metrics metrics;
  Counter& one = metrics.counter("n_total", "N.", {{"a", "1"}, {"b", "2"}});
  Counter& two = metrics.counter("n_total", "N.", {{"b", "2"}, {"a", "1"}});
  EXPECT_EQ(&one, &two);
  EXPECT_NE(&one, &metrics.counter("n_total", "N.", {{"a", "1"}}));
}

TEST(Metrics, EscapesLabelsAndHelp) {
  Metrics metrics;
  metrics.counter("n_total", "A \\ and\na \"quote\".", {{"l", "a\"b\\c\nd"}}).add();
  EXPECT_EQ(metrics.text(),
            "# HELP n_total A \\\\ and\\na \"quote\".\n# TYPE n_total counter\n"
            "n_total{l=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(Metrics, WritesNumbersThatAreNone) {
  Metrics metrics;
  metrics.gauge("g", "G.", {{"k", "nan"}}).set(std::numeric_limits<double>::quiet_NaN());
  metrics.gauge("g", "G.", {{"k", "inf"}}).set(-std::numeric_limits<double>::infinity());
  EXPECT_THAT(metrics.text(), HasSubstr("g{k=\"nan\"} NaN\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("g{k=\"inf\"} -Inf\n"));
}

TEST(Histogram, CountsEachDurationInEveryBucketThatHoldsIt) {
  using namespace std::chrono_literals;
  Metrics metrics;
  Histogram& h = metrics.histogram("d_seconds", "D.", {{"r", "x"}});
  h.observe(50us);  // on the bound: inside
  h.observe(51us);
  h.observe(1s);
  h.observe(10s);
  h.observe(11s);
  h.observe(-1ns);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# TYPE d_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{r=\"x\",le=\"0.00005\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{r=\"x\",le=\"0.0001\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{r=\"x\",le=\"0.5\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{r=\"x\",le=\"1\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{r=\"x\",le=\"10\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{r=\"x\",le=\"+Inf\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_sum{r=\"x\"} 22.000101\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_count{r=\"x\"} 6\n"));
}

TEST(Histogram, WithoutLabelsCarriesTheBoundAlone) {
  Metrics metrics;
  metrics.histogram("d_seconds", "D.").observe(std::chrono::seconds(1));
  EXPECT_THAT(metrics.text(), HasSubstr("d_seconds_bucket{le=\"1\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("d_seconds_sum 1\n"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("{}")));
}

TEST(Metrics, LosesNoCountOfAnyThread) {
  Metrics metrics;
  Counter& counter = metrics.counter("n_total", "N.");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) counter.add();
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40'000U);
}

TEST(Metrics, LetsAReaderUseMetricsItself) {
  Metrics metrics;
  metrics.gauge_from("g", "G.",
                     [&] { return static_cast<double>(metrics.counter("n_total", "N.").value()); });
  metrics.counter("n_total", "N.").add(2);
  EXPECT_THAT(metrics.text(), HasSubstr("\ng 2\n"));
}

TEST(Metrics, AsksForSeriesThatComeAndGo) {
  Metrics metrics;
  Metrics::Series now{{{{"identity", "b"}}, 2.5}, {{{"identity", "a"}}, -1}};
  metrics.gauges_from("left_seconds", "Left.", [&] { return now; });
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE left_seconds gauge\n"
                                        "left_seconds{identity=\"b\"} 2.5\n"
                                        "left_seconds{identity=\"a\"} -1\n"));
  now.clear();
  EXPECT_THAT(metrics.text(), ::testing::Not(HasSubstr("identity")));
}

TEST(MetricsDeathTest, RefusesOneNameForTwoKindsOrHelpTexts) {
  Metrics metrics;
  metrics.counter("n", "N.");
  EXPECT_DEATH(metrics.gauge("n", "N."), "two kinds");
  EXPECT_DEATH(metrics.counter("n", "Other."), "two kinds");
  EXPECT_DEATH(metrics.gauge_from("n", "N.", [] { return 0.0; }), "two kinds");
}

}  // namespace
}  // namespace quantumapi::base
