// Traps in a member function of a template.
namespace math {
template <class T>
struct Vector {
  const T* data;
  int size;
  __attribute__((noinline)) T at(int i) const {
    if (i >= size) __builtin_trap();
    return data[i];
  }
};
}  // namespace math

extern "C" __attribute__((export_name("run"))) double run(int i) {
  double values[2] = {1, 2};
  math::Vector<double> vector{values, 2};
  return vector.at(i);
}
