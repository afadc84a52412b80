#include "spectest/features_by_path.h"

namespace arris::spectest {

api::Features features_for_path(std::string_view path) {
  using api::Feature;
  struct Folder {
    std::string_view part;
    Feature feature;
  };
  static constexpr Folder kFolders[] = {
      {"proposals/threads/", Feature::threads},
      {"proposals/wide-arithmetic/", Feature::wide_arithmetic},
      {"proposals/custom-page-sizes/", Feature::custom_page_sizes},
      {"legacy/", Feature::legacy_exceptions},
  };
  api::Features features;
  for (const Folder& folder : kFolders) {
    size_t at = path.find(folder.part);
    if (at != std::string_view::npos && (at == 0 || path[at - 1] == '/')) features = features.with(folder.feature);
  }
  if (features.has(Feature::threads)) {
    // This folder still holds the proposal's own copies of core files, which expect one table and one 32-bit memory at most.
    features = features.without(Feature::multi_memory).without(Feature::memory64).without(Feature::reference_types);
  }
  return features;
}

}  // namespace arris::spectest
