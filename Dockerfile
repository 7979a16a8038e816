# One image for the worker, the pages, the command line and the migrations: the settings tell what it connects to.
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm

FROM ${PYTHON_IMAGE} AS libraries
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
# As in the Makefile: what the lock pins, by its hashes, and nothing that would have to be compiled.
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: --requirement /tmp/requirements.txt

FROM ${PYTHON_IMAGE}
# A user without rights, who owns nothing but what is kept: the program cannot change itself.
RUN useradd --system --user-group --home-dir /app --shell /usr/sbin/nologin scr \
    && install --directory --owner scr --group scr --mode 0700 /var/lib/scr /var/lib/scr/documents
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /app
COPY alembic.ini starter.py worker.py ./
COPY migrations migrations
COPY models models
COPY rulebooks rulebooks
COPY workflows workflows
COPY register register
COPY activities activities
COPY running running
COPY commands commands
COPY web web
COPY scenarios scenarios
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SCR_DATA_DIR=/var/lib/scr \
    SCR_DOCUMENTS_DIR=/var/lib/scr/documents
USER scr
# In this form the signal to stop reaches the worker itself, which then finishes what it has under way.
CMD ["python", "worker.py"]
