// iostream, which brings libc++'s static constructors, locales and virtual calls: reads names, greets each.
#include <iomanip>
#include <iostream>
#include <string>

int main() {
  std::cout << "Hello from C++!\n";
  std::string name;
  int count = 0;
  while (std::getline(std::cin, name)) std::cout << std::setw(3) << ++count << ": hello, " << name << '\n';
  std::cout << std::hex << std::showbase << 255 << ' ' << std::fixed << std::setprecision(3) << 2.0 / 3 << std::endl;
}
