"""Helpers of the course Unrolled. Where is …?

========================================  ============================================
an exercise: reference, cases, mistakes   ``checks/lesson_NN.py``
what is said of a mistake                 ``hints/lesson_NN.toml``
a quiz's questions                        ``quizzes/lesson_NN.toml``
an explorer, the quiz, the course map     ``widgets/``; ``static/`` is the page's side, ``data/`` what it is given
what one lesson from 14 on needs          ``further/``
how an answer is judged                   ``judging/``
the same weights in another library       ``interop``
training and networks in Theano           ``theano_training``, ``scan_cells``
training in Keras                         ``keras_training``
training in NumPy                         ``training``, ``gradients``
a data set                                ``datasets/``
text, series                              ``text``, ``forecasting``
gates held open or shut                   ``gates``
a cell's equations in NumPy               ``cells/``
start weights, losses, padding            ``starts``, ``losses``, ``padding``
the first cell of a lesson                ``session``
Keras 3, on the course's backend          ``keras_backend``
set-up, and the report in lesson 00       ``environment``
Keras 2.3.1 on Theano, Theano itself      ``keras2_compat``, ``theano_compat``
a figure                                  ``plotting``
what the learner has solved               ``progress``
the lessons and their exercises           ``course``, from ``course.toml``
a sentence for a bad argument             ``arguments``
========================================  ============================================

Imports point down this list, never back. Importing the package imports nothing heavy.
"""
