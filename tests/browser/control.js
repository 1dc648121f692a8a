// Asks the tests' own server to do something with the database.
const http = require('http');

exports.control = (address, what) => new Promise((resolve, reject) => {
  http.get(`${address}/${what}`, (answer) => {
    answer.resume();
    answer.on('end', () => (answer.statusCode === 204 ? resolve()
      : reject(new Error(`${what}: ${answer.statusCode}`))));
  }).on('error', reject);
});
